// Whatever Accept-Encoding holds, what is chosen was there to choose, the order of the elements does not
// matter, and nobody is left without an answer but who refuses every one.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tinyhttpd/content_coding.hpp"

using namespace tinyhttpd;

namespace {

constexpr Coding kAll[] = {Coding::br, Coding::gzip, Coding::identity};
constexpr Coding kPlain[] = {Coding::identity};

void require(bool holds) {
  if (!holds) std::abort();
}

std::optional<Coding> choose(std::vector<Field> fields, std::span<const Coding> available) {
  Request request;
  request.fields = std::move(fields);
  return choose_coding(request, available);
}

std::optional<Coding> choose(std::string_view line, std::span<const Coding> available) {
  return choose(std::vector<Field>{{"Accept-Encoding", line}}, available);
}

/// The same elements, the last one first.
std::string reversed(std::string_view list) {
  std::string turned;
  for_each_element(list, [&](std::string_view element) { turned.insert(0, "," + std::string(element)); });
  return turned;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto chosen = choose(line, kAll);

  // Two lines are one list, whichever comes first.
  require(size > 4096 || choose(reversed(line), kAll) == chosen);
  const auto half = line.find(',');
  if (half != line.npos) {
    const Field first{"Accept-Encoding", line.substr(0, half)};
    const Field second{"accept-encoding", line.substr(half + 1)};
    require(choose({first, second}, kAll) == chosen);
    require(choose({second, first}, kAll) == chosen);
  }

  // Less to choose from never opens what was shut: identity is taken or not, whatever else there is.
  require(choose(line, kPlain).has_value() || !chosen || *chosen != Coding::identity);
  require(chosen.has_value() || !choose(line, kPlain).has_value());
  // Nothing at all is for who said so, with a weight of 0.
  require(chosen.has_value() || line.find('0') != line.npos);

  // Nobody is above a coding named with the greatest weight but one that the server prefers to it.
  const std::string more = std::string(line) + ",";
  require(choose(more + "br", kAll) == Coding::br);
  require(choose(more + "gzip", kAll) != Coding::identity);
  require(choose(more + "identity", kAll).has_value());
  return 0;
}
