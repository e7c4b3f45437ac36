// Result<T, E>: a value, or the reason why there is none. std::expected's spelling, for C++20.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "tinyhttpd/rejection.hpp"

namespace tinyhttpd {

/// What a function returns instead of its value when it failed: `return Unexpected(not_found("…"));`.
template <typename E>
class Unexpected {
 public:
  explicit Unexpected(E error) : error_(std::move(error)) {}
  E& error() & { return error_; }
  E&& error() && { return std::move(error_); }

 private:
  E error_;
};

/// Either a T or an E. Asking for the one that is not there is a bug and ends in std::bad_variant_access.
/// A Rejection converts by itself, so that `return not_found(reason);` reads as it should.
template <typename T, typename E = Rejection>
class [[nodiscard]] Result {
 public:
  Result(const T& value) : held_(std::in_place_index<0>, value) {}
  Result(T&& value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Unexpected<E> error) : held_(std::in_place_index<1>, std::move(error).error()) {}
  Result(E error) requires(!std::is_same_v<T, E>) : held_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return held_.index() == 0; }
  bool has_value() const { return held_.index() == 0; }

  T& value() & { return std::get<0>(held_); }
  const T& value() const& { return std::get<0>(held_); }
  T&& value() && { return std::get<0>(std::move(held_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  E& error() & { return std::get<1>(held_); }
  const E& error() const& { return std::get<1>(held_); }
  E&& error() && { return std::get<1>(std::move(held_)); }

 private:
  std::variant<T, E> held_;
};

/// Done, or the reason why not.
template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(Unexpected<E> error) : held_(std::in_place_index<1>, std::move(error).error()) {}
  Result(E error) : held_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return held_.index() == 0; }
  bool has_value() const { return held_.index() == 0; }
  E& error() & { return std::get<1>(held_); }
  const E& error() const& { return std::get<1>(held_); }
  E&& error() && { return std::get<1>(std::move(held_)); }

 private:
  std::variant<std::monostate, E> held_;
};

}  // namespace tinyhttpd
