#include "tinyhttpd/content_coding.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tinyhttpd;

namespace {

constexpr Coding kAll[] = {Coding::br, Coding::gzip, Coding::identity};

std::optional<Coding> choose(const std::vector<std::string_view>& lines,
                             std::span<const Coding> available = kAll) {
  Request request;
  request.fields.push_back({"Accept", "gzip"});
  for (const auto line : lines) request.fields.push_back({"accept-encoding", line});
  return choose_coding(request, available);
}

std::optional<Coding> choose(std::string_view line, std::span<const Coding> available = kAll) {
  return choose(std::vector{line}, available);
}

}  // namespace

TEST_CASE("choose_coding sends the plain representation to who does not ask for another") {
  CHECK(choose(std::vector<std::string_view>{}) == Coding::identity);
  for (const auto line : {"", ",", " , ,", "identity", "deflate", "zstd, compress;q=0.5"}) {
    CAPTURE(line);
    CHECK(choose(line) == Coding::identity);
  }
}

TEST_CASE("choose_coding takes what a browser names, the server's preference first") {
  CHECK(choose("gzip, deflate, br, zstd") == Coding::br);
  CHECK(choose("gzip, deflate") == Coding::gzip);
  CHECK(choose("GZIP") == Coding::gzip);
  CHECK(choose("Br") == Coding::br);
  constexpr Coding kNoBrotli[] = {Coding::gzip, Coding::identity};
  CHECK(choose("gzip, deflate, br, zstd", kNoBrotli) == Coding::gzip);
  CHECK(choose("br", kNoBrotli) == Coding::identity);
  constexpr Coding kPlain[] = {Coding::identity};
  CHECK(choose("gzip, br", kPlain) == Coding::identity);
}

TEST_CASE("choose_coding weighs") {  // RFC 9110 section 12.4.2
  CHECK(choose("br;q=0.5, gzip;q=0.8") == Coding::gzip);
  CHECK(choose("br;q=0.800, gzip;q=0.8") == Coding::br);
  CHECK(choose("br;q=0.001,gzip;q=0.002") == Coding::gzip);
  CHECK(choose("br;q=1.000, gzip;q=0.999") == Coding::br);
  CHECK(choose("gzip;q=0.5, identity;q=0.8") == Coding::identity);
  CHECK(choose("gzip;q=0.5, identity;q=0.5") == Coding::gzip);
  CHECK(choose("gzip ; Q=0.5\t,\tbr ;\tq=0.9") == Coding::br);
  CHECK(choose("br;q=1., gzip;q=0.9") == Coding::br);
}

TEST_CASE("choose_coding prefers any coding that is named to identity that is not") {
  CHECK(choose("gzip;q=0.001") == Coding::gzip);
}

TEST_CASE("choose_coding sends nothing that has the weight 0") {
  CHECK(choose("gzip;q=0") == Coding::identity);
  CHECK(choose("br;q=0.000, gzip;q=0.5") == Coding::gzip);
  CHECK(choose("br;q=0, gzip;q=0.0, *;q=0.5") == Coding::identity);
}

TEST_CASE("choose_coding takes * for every coding that is not named") {
  CHECK(choose("*") == Coding::br);
  CHECK(choose("br;q=0, *") == Coding::gzip);
  CHECK(choose("gzip;q=0.5, *;q=0.1") == Coding::gzip);
  CHECK(choose("identity, *;q=0.1") == Coding::identity);
}

TEST_CASE("choose_coding finds nothing for who refuses identity too") {
  CHECK(choose("identity;q=0") == std::nullopt);
  CHECK(choose("*;q=0") == std::nullopt);
  CHECK(choose("identity;q=0, gzip;q=0") == std::nullopt);
  CHECK(choose("zstd, *;q=0") == std::nullopt);
  CHECK(choose("identity;q=0, gzip") == Coding::gzip);
  CHECK(choose("*;q=0, gzip;q=0.1") == Coding::gzip);
  CHECK(choose("*;q=0, identity;q=0.1") == Coding::identity);
}

TEST_CASE("choose_coding knows x-gzip") {  // RFC 9110 section 8.4.1.3
  CHECK(choose("x-gzip") == Coding::gzip);
  CHECK(choose("X-GZip;q=0.5, br;q=0.2") == Coding::gzip);
}

TEST_CASE("choose_coding reads several lines as one list") {  // RFC 9110 section 5.3
  CHECK(choose(std::vector<std::string_view>{"gzip;q=0.5", "br;q=0.2"}) == Coding::gzip);
  CHECK(choose(std::vector<std::string_view>{"identity;q=0", "*;q=0"}) == std::nullopt);
}

TEST_CASE("choose_coding takes the higher weight of a coding that is named twice") {
  CHECK(choose("gzip;q=0.1, br;q=0.5, gzip;q=0.9") == Coding::gzip);
  CHECK(choose("gzip;q=0.9, br;q=0.5, gzip;q=0.1") == Coding::gzip);
}

TEST_CASE("choose_coding leaves out an element that cannot be read, and reads the others") {
  for (const std::string element :
       {"br;q=1.001",  "br;q=2",     "br;q=0.1234",  "br;q=-1",  "br;q=.5",   "br;q=",         "br;q",
        "br;",         "br;q=0.5;x", "br;x=1",       "br q=1",   "br;q=1e0",  "br;q= 1",       "br;q =1",
        "br;q=0,5a;;", "\"br\"",     "br;q=1.1",     "b r",      "br;q=00.5", "br;;q=0.5",     ";q=1",
        "br/1",        "br;q=0x1",   "br;q=1.000 0", "br;q=nan", "br;q=\xB9", "br;level=1;q=1"}) {
    CAPTURE(element);
    CHECK(choose(element) == Coding::identity);
    CHECK(choose(element + ", gzip;q=0.001") == Coding::gzip);
    CHECK(choose("gzip;q=0.001," + element) == Coding::gzip);
  }
}

TEST_CASE("choose_coding does not know codings by a part of their name") {
  for (const auto line : {"gzi", "gzipp", "xgzip", "x-br", "brotli", "identit", "**"})
    CHECK(choose(line) == Coding::identity);
}

TEST_CASE("choose_coding reads a very long field to its end") {
  std::string commas(1'000'000, ',');
  CHECK(choose(commas + "gzip") == Coding::gzip);
  std::string unknown;
  while (unknown.size() < 1'000'000) unknown += "zstd;q=0.5 , ";
  CHECK(choose(unknown + "br") == Coding::br);
  CHECK(choose("gzip;q=0." + std::string(1'000'000, '1')) == Coding::identity);
  CHECK(choose(std::string(1'000'000, 'x') + ", gzip") == Coding::gzip);
}

TEST_CASE("name_of says what Content-Encoding says") {
  CHECK(name_of(Coding::gzip) == "gzip");
  CHECK(name_of(Coding::br) == "br");
  CHECK(name_of(Coding::identity) == "identity");
}

TEST_CASE("is_compressible knows text and what is like text") {
  for (const auto type :
       {"text/html; charset=utf-8", "text/plain", "TEXT/CSS", "text/javascript ; charset=utf-8",
        "application/json", "application/ld+json", "application/xhtml+xml; charset=utf-8", "image/svg+xml",
        "Application/XML", "application/manifest+json", "application/wasm", "application/yaml", "font/ttf",
        "image/vnd.microsoft.icon", "application/javascript"}) {
    CAPTURE(type);
    CHECK(is_compressible(type));
  }
}

TEST_CASE("is_compressible leaves alone what is compressed already, or unknown") {
  for (const auto type :
       {"image/png", "image/jpeg", "video/mp4", "audio/mpeg", "application/zip", "font/woff2",
        "application/gzip", "application/pdf", "application/octet-stream", "", ";", "text",
        "application/epub+zip", "application/jsonx", "image/png; text/plain"}) {
    CAPTURE(type);
    CHECK_FALSE(is_compressible(type));
  }
}
