// Texts that are made once, within bounds.

#include <doctest/doctest.h>

#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tinyhttpd/compressed_texts.hpp"

namespace {

using tinyhttpd::CompressedTexts;

constexpr std::uint64_t kRoom = 1U << 20U;

/// Makes `text`, and counts how often it was asked to.
CompressedTexts::Make maker(const std::string& text, int& count) {
  return [text, &count]() -> std::optional<std::string> {
    ++count;
    return text;
  };
}

}  // namespace

TEST_CASE("a text is made once, and then it is the same one for everybody") {
  CompressedTexts texts(kRoom);
  int made = 0;
  const auto first = texts.get("a", true, maker("text", made));
  const auto second = texts.get("a", true, maker("text", made));
  REQUIRE(first);
  CHECK(*first == "text");
  CHECK(first == second);
  CHECK(made == 1);
}

TEST_CASE("a text that is not to be kept is made each time") {
  CompressedTexts texts(kRoom);
  int made = 0;
  CHECK(*texts.get("a", false, maker("one", made)) == "one");
  CHECK(*texts.get("a", false, maker("two", made)) == "two");
  CHECK(made == 2);
}

TEST_CASE("without a budget nothing is kept, and everything is still made") {
  CompressedTexts texts(0);
  int made = 0;
  CHECK(texts.get("a", true, maker("text", made)));
  CHECK(texts.get("a", true, maker("text", made)));
  CHECK(made == 2);
}

TEST_CASE("what cannot be made is none, and can be tried again") {
  CompressedTexts texts(kRoom);
  int made = 0;
  CHECK_FALSE(texts.get("a", true, [] { return std::optional<std::string>(); }));
  CHECK_THROWS_AS(texts.get("a", true, []() -> std::optional<std::string> { throw std::bad_alloc(); }),
                  std::bad_alloc);
  CHECK(texts.get("a", true, maker("text", made)));
}

TEST_CASE("nobody waits for a text that another is making, and so many are made at once") {
  CompressedTexts texts(kRoom);
  std::vector<std::promise<void>> gates(CompressedTexts::kMostAtWork);
  std::vector<std::thread> threads;
  std::vector<std::promise<void>> begun(CompressedTexts::kMostAtWork);
  for (std::size_t i = 0; i < gates.size(); ++i) {
    threads.emplace_back([&, i] {
      CHECK(texts.get(std::to_string(i), true, [&, i]() -> std::optional<std::string> {
        begun[i].set_value();
        gates[i].get_future().wait();
        return "text";
      }));
    });
    begun[i].get_future().wait();
  }
  int made = 0;
  CHECK_FALSE(texts.get("0", true, maker("text", made)));      // another makes it
  CHECK_FALSE(texts.get("other", true, maker("text", made)));  // all are at work
  CHECK(made == 0);
  for (auto& gate : gates) gate.set_value();
  for (auto& thread : threads) thread.join();
  CHECK(texts.get("0", true, maker("text", made)));  // kept by now
  CHECK(made == 0);
  CHECK(texts.get("other", true, maker("text", made)));
  CHECK(made == 1);
}

TEST_CASE("texts on their way hold no more than they may, and what is over makes room") {
  CompressedTexts texts(0);
  const std::string large(4U << 20U, 'x');
  std::vector<CompressedTexts::Text> on_their_way;
  int made = 0;
  while (auto text = texts.get("a", true, maker(large, made))) {
    on_their_way.push_back(text);
    REQUIRE(on_their_way.size() < 100);
  }
  CHECK(on_their_way.size() * large.size() >= CompressedTexts::kMostBytesOnTheirWay);
  CHECK(on_their_way.size() * large.size() <= CompressedTexts::kMostBytesOnTheirWay + large.size());
  on_their_way.pop_back();
  CHECK(texts.get("a", true, maker(large, made)));
}

TEST_CASE("a text outlives the cache it came from") {
  auto texts = std::make_unique<CompressedTexts>(kRoom);
  int made = 0;
  const auto text = texts->get("a", true, maker("text", made));
  texts.reset();
  CHECK(*text == "text");
}
