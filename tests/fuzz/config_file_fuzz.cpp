// The configuration file: any bytes give options or an error, and what is accepted means the same to
// Boost.Program_options, whose form it is.

#include <boost/program_options.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include "tinyhttpd/config_file.hpp"
#include "tinyhttpd/option_table.hpp"

using namespace tinyhttpd;
namespace po = boost::program_options;

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void require(bool holds) {
  if (!holds) std::abort();
}

/// Built once: it does not depend on the input.
const po::options_description& options() {
  static const po::options_description all = [] {
    po::options_description description;
    for (const Option& option : option_table())
      description.add_options()(long_name(option).c_str(), po::value<std::string>());
    return description;
  }();
  return all;
}

void compare_with_boost(std::string_view text, Given given) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::istringstream stream{std::string(text)};
  for (const po::option& option : po::parse_config_file(stream, options()).options) {
    auto& said = given[option.string_key];
    require(!said.empty() && said.front().text == option.value.front());
    said.erase(said.begin());
  }
  for (const auto& [name, said] : given) require(said.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    compare_with_boost(text, read_config_text(text, "file"));
  } catch (const UsageError& error) {
    require(std::string_view(error.what()).starts_with("file line "));
  }
  return 0;
}
