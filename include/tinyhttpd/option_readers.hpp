// The values of the options that are more than a number, a size or a time, and are not read by file_options
// or gateway_options: each function reads one and throws UsageError where it is wrong.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {

/// The most an option may allow of whatever is only counted.
inline constexpr std::uint64_t kMost = 1'000'000;

/// The largest size an option may allow: far from where sums of sizes would overflow.
inline constexpr std::uint64_t kMostBytes = 1ULL << 50U;

/// One of the words of an enumeration.
template <typename Enum, std::size_t N>
Enum choice_from(const OptionValue& value, const std::array<std::pair<std::string_view, Enum>, N>& choices) {
  std::string all;
  for (const auto& [name, choice] : choices) {
    if (value.text == name) return choice;
    all.append(all.empty() ? "" : ", ").append(name);
  }
  refuse_value(value, "must be one of " + all);
}

/// Any text but the empty one; `right` says what it should be.
std::string text_from(const OptionValue& value, std::string_view right);

/// A TCP port. Says so when it is what Kubernetes makes of a Service of our name.
std::uint16_t port_from(const OptionValue& value);

/// An address without port, IPv6 with or without brackets, or "unix:/path".
std::string address_from(const OptionValue& value);

/// "[ADDR:]PORT", IPv6 in brackets; 127.0.0.1 where there is no address.
std::pair<std::string, std::uint16_t> endpoint_from(const OptionValue& value);

/// Names of files, without '/'.
std::vector<std::string> index_from(const OptionValue& value);

/// A user that exists and that the server can become; `doing` completes "only root may …".
std::string user_from(const OptionValue& value, std::string_view doing);

/// A folder that exists and that the server, being root, can make its "/".
std::string new_root_from(const OptionValue& value);

/// A path that begins and ends with '/'.
std::string prefix_from(const OptionValue& value);

/// Extensions, each with its dot.
std::vector<std::string> extensions_from(const OptionValue& value);

/// "EXT=PROGRAM": an extension with its dot, and the absolute path of a program that can be executed, within
/// `chroot` where that is not empty.
std::pair<std::string, std::string> interpreter_from(const OptionValue& value, const std::string& chroot);

/// "NAME=VALUE", the value that of the server's own variable when only NAME is given; nothing when there is
/// none.
std::optional<std::string> variable_from(const OptionValue& value);

/// Sets the limit that "WHAT=N" names.
void add_script_limit(ScriptLimits& limits, const OptionValue& value);

/// A folder that exists and that the server may write to, within `chroot` where that is not empty.
std::string folder_from(const OptionValue& value, const std::string& chroot);

/// Whether there is a folder `path` once `chroot` is "/". True also when this system cannot tell.
bool is_folder_within(const std::string& chroot, const std::string& path);

/// Whether `path` is a program that can be executed, within `chroot` where that is not empty. True also when
/// this system cannot tell.
bool is_program(const std::string& path, const std::string& chroot);

/// Whether `path` is a regular file that can be read; `chroot` as above. Nothing else will do: a pipe can be
/// read once, and a reload must not wait for one.
bool is_readable_file(const std::string& path, const std::string& chroot);

}  // namespace tinyhttpd
