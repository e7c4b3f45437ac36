#include "tinyhttpd/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace tinyhttpd {

namespace {

/// zlib's own default, said here so that the same bytes give the same result wherever it runs.
constexpr int kLevel = 6;

/// 15 bits, the whole window of 32 KiB; 16 more ask for the gzip format.
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kMemoryLevel = 8;

/// A compression, freed with its owner.
class Deflate {
 public:
  Deflate() {
    if (deflateInit2(&stream_, kLevel, Z_DEFLATED, kGzipWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~Deflate() { deflateEnd(&stream_); }
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;

  z_stream& stream() { return stream_; }

 private:
  z_stream stream_ = {};
};

/// zlib counts what it is given at once in an unsigned int.
uInt piece(std::size_t left) {
  return static_cast<uInt>(std::min<std::size_t>(left, std::numeric_limits<uInt>::max()));
}

}  // namespace

std::string gzip(std::string_view bytes) {
  Deflate deflate;
  z_stream& stream = deflate.stream();
  // Never too small, so that the loop below ends with the end of the stream.
  std::string compressed(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // which it only reads
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  int outcome = Z_OK;
  while (outcome == Z_OK) {
    stream.avail_in = piece(bytes.size() - stream.total_in);
    stream.avail_out = piece(compressed.size() - stream.total_out);
    const bool is_last = stream.total_in + stream.avail_in == bytes.size();
    outcome = ::deflate(&stream, is_last ? Z_FINISH : Z_NO_FLUSH);
  }
  compressed.resize(stream.total_out);
  compressed.shrink_to_fit();  // a cache counts bytes that are there, and would keep those that are not
  return compressed;
}

}  // namespace tinyhttpd
