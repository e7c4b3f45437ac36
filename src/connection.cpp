#include "tinyhttpd/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tinyhttpd/request_target.hpp"
#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {

/// The memory of a connection that this thread parked, until it takes up another: empty, but with its
/// capacity.
struct SpareMemory {
  InputBuffer input;
  std::string path;
  std::vector<Field> fields;
  std::string head;
};

namespace {

/// One turn of reading a body.
constexpr std::size_t kBodyPieceBytes = 256 * 1024;

/// A client that still sends this much after a final answer is not worth more of our time.
constexpr std::uint64_t kMaxDroppedBytes = 256ULL << 20U;

Rejection refuse_storing(const std::error_code& error) {
  const std::string reason = "storing the request's body: " + error.message();
  switch (error.value()) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return insufficient_storage(reason);
    case EMFILE:
    case ENFILE:
    case ENOMEM: return unavailable(reason);
    default: return internal_error(reason);
  }
}

Rejection body_too_large(const Limits& limits) {
  return content_too_large("the body is over --max-body " + std::to_string(limits.max_body_bytes));
}

/// The whole of a body that lies in memory; null for every other.
const std::string* text_of(const Body& body) {
  if (const auto* shared = std::get_if<SharedText>(&body)) return shared->get();
  return std::get_if<std::string>(&body);
}

/// Sends on from byte `position` of the body.
Transfer send_parts_body(int socket, const PartsBody& body, std::uint64_t position) {
  for (const PartsBody::Part& part : body.parts) {
    if (position < part.text.size())
      return send(socket, std::string_view(part.text).substr(position), part.length > 0);
    position -= part.text.size();
    if (position < part.length)
      return send_file(socket, body.file.get(), part.offset + position, part.length - position);
    position -= part.length;
  }
  return {Transfer::Outcome::failed};
}

/// Sends the next bytes of an answer of `total` bytes, of which some are left; `closing`: the end of the
/// connection follows the answer, and may travel in the same packet.
Transfer send_some(int socket, const Outgoing& outgoing, std::uint64_t total, bool closing) {
  const std::size_t head_sent = std::min<std::uint64_t>(outgoing.sent, outgoing.head.size());
  const std::string_view head = std::string_view(outgoing.head).substr(head_sent);
  const std::uint64_t position = outgoing.body_bytes_sent();
  if (const std::string* text = text_of(outgoing.body); text != nullptr && !outgoing.without_body)
    return send_two(socket, head, std::string_view(*text).substr(position), closing);
  if (!head.empty()) return send(socket, head, closing || total > outgoing.head.size());
  if (const auto* parts = std::get_if<PartsBody>(&outgoing.body))
    return send_parts_body(socket, *parts, position);
  const auto& file = std::get<FileBody>(outgoing.body);
  return send_file(socket, file.file->get(), file.offset + position, file.length - position);
}

SpareMemory& spare_memory() {
  thread_local SpareMemory spare;
  return spare;
}

}  // namespace

std::uint64_t Outgoing::total() const {
  return head.size() + (without_body ? 0 : length_of(body));
}

void Outgoing::clear() {
  head.clear();
  body = std::monostate();
  without_body = false;
  sent = taken = 0;
}

// ---- Connection

Connection::Connection(UniqueFd socket, Endpoints peer, TimePoint first_deadline, ConnectionCount& count)
    : deadline(first_deadline), endpoints(std::move(peer)), count_(count), socket_(std::move(socket)) {
  ++count_;
}

Connection::~Connection() {
  input_.consume(input_.size());
  request.clear();
  outgoing.clear();
  release_idle_memory();
  --count_;
}

void Connection::exchange_memory(SpareMemory& memory) {
  std::swap(memory.input, input_);
  memory.path.swap(request.path);
  memory.fields.swap(request.fields);
  memory.head.swap(outgoing.head);
}

void Connection::release_idle_memory() {
  if (has_input()) return;
  SpareMemory superfluous;
  exchange_memory(spare_memory().input.has_memory() ? superfluous : spare_memory());
}

Result<Progress> Connection::read_head(const Limits& limits) {
  if (!input_.has_memory()) exchange_memory(spare_memory());
  for (;;) {
    if (const auto end = scanner_.find_end(input_.unread())) {
      head_bytes_ = *end;
      if (head_bytes_ > limits.max_header_bytes)
        return header_fields_too_large("the head is over --max-header " +
                                       std::to_string(limits.max_header_bytes));
      return Progress::done;
    }
    if (auto refused = refuse_early(input_.unread(), limits)) return std::move(*refused);
    if (has_input()) seen = 0;  // the end of the head may come later than what was seen of it
    const std::span<char> room = input_.room(limits.max_header_bytes + 1);
    const Transfer transfer = receive(room);
    if (transfer.outcome == Transfer::Outcome::would_wait) return Progress::need_input;
    if (transfer.outcome != Transfer::Outcome::some) return Progress::gone;
    input_.received(transfer.bytes);
  }
}

/// A receive that fills all the room may have left some.
Transfer Connection::receive(std::span<char> room) {
  const Transfer transfer = tinyhttpd::receive(socket(), room);
  may_have_more_ = transfer.outcome == Transfer::Outcome::some && transfer.bytes == room.size();
  return transfer;
}

Result<Progress> Connection::read_body(const Limits& limits, const std::string& spool_folder) {
  return request.framing.chunked ? read_chunked_body(limits, spool_folder)
                                 : read_plain_body(limits, spool_folder);
}

Result<Progress> Connection::read_plain_body(const Limits& limits, const std::string& folder) {
  const std::uint64_t length = request.framing.content_length;
  if (body_from_input_ == 0 && length > 0) {
    const std::string_view come = input_.unread().substr(head_bytes_).substr(0, length);
    body_from_input_ = come.size();
    if (auto stored = store(come, limits, folder); !stored) return std::move(stored).error();
  }
  while (body.size() < length) {
    // Never more than is missing: what follows belongs to the next request.
    const auto transfer = receive_body(length - body.size(), limits, folder);
    if (!transfer) return transfer.error();
    if (transfer->outcome == Transfer::Outcome::would_wait) return Progress::need_input;
    if (transfer->outcome == Transfer::Outcome::closed)
      return bad_request("the client ended before its body did");
    if (transfer->outcome == Transfer::Outcome::failed) return Progress::gone;
  }
  return Progress::done;
}

/// Adds what has come to the body, at most `most` bytes of it.
Result<Transfer> Connection::receive_body(std::uint64_t most, const Limits& limits,
                                          const std::string& folder) {
  std::error_code error;
  const Transfer taken = body.take_from(socket(), most, error);
  if (error) return refuse_storing(error);
  may_have_more_ = taken.outcome == Transfer::Outcome::some;
  if (taken.outcome != Transfer::Outcome::would_wait) return taken;
  std::array<char, kBodyPieceBytes> piece;
  // Pieces that begin where a page of the body's file does are copied faster: the first piece, which follows
  // what came with the head, is cut.
  const std::size_t size = std::min<std::uint64_t>(piece.size() - body.size() % piece.size(), most);
  const Transfer received = receive(std::span(piece).first(size));
  if (auto stored = store({piece.data(), received.bytes}, limits, folder); !stored)
    return std::move(stored).error();
  return received;
}

Result<Progress> Connection::read_chunked_body(const Limits& limits, const std::string& folder) {
  if (body_from_input_ == 0) {
    std::string_view come = input_.unread().substr(head_bytes_);
    const std::size_t size = come.size();
    auto finished = decode_chunks(come, limits, folder);
    if (!finished) return std::move(finished).error();
    body_from_input_ = size - come.size();
    if (*finished) return Progress::done;
  }
  std::array<char, kBodyPieceBytes> piece;
  for (;;) {
    const Transfer transfer = receive(piece);
    if (transfer.outcome == Transfer::Outcome::would_wait) return Progress::need_input;
    if (transfer.outcome == Transfer::Outcome::closed)
      return bad_request("the client ended before its body did");
    if (transfer.outcome == Transfer::Outcome::failed) return Progress::gone;
    std::string_view bytes(piece.data(), transfer.bytes);
    auto finished = decode_chunks(bytes, limits, folder);
    if (!finished) return std::move(finished).error();
    if (!*finished) continue;
    surplus_ = bytes;
    return Progress::done;
  }
}

/// Takes chunks off `bytes` until they are used up, or the body has ended (true); what follows the body stays
/// in `bytes`.
Result<bool> Connection::decode_chunks(std::string_view& bytes, const Limits& limits,
                                       const std::string& folder) {
  while (!bytes.empty()) {
    auto step = decoder_.decode(bytes);
    if (!step) return std::move(step).error();
    if (auto stored = store(step->data, limits, folder); !stored) return std::move(stored).error();
    // What will be too much is refused before it is sent, as with Content-Length.
    if (decoder_.announced() > limits.max_body_bytes - body.size()) return body_too_large(limits);
    bytes.remove_prefix(step->consumed);
    if (step->finished) return true;
    if (step->consumed == 0) break;
  }
  return false;
}

Result<void> Connection::store(std::string_view bytes, const Limits& limits, const std::string& folder) {
  if (body.size() + bytes.size() > limits.max_body_bytes) return body_too_large(limits);
  if (const std::error_code error = body.append(bytes, folder)) return refuse_storing(error);
  return {};
}

Result<void> Connection::redirect(std::string target) {
  redirect_target_ = std::move(target);
  const std::string_view whole = redirect_target_;
  const std::size_t question = whole.find('?');
  if (auto normalised = normalise_path(whole.substr(0, question), request.path); !normalised)
    return normalised;
  request.target = whole;
  request.has_query = question != whole.npos;
  request.query = request.has_query ? whole.substr(question + 1) : std::string_view();
  if (request.method != Method::head) {
    request.method = Method::get;
    request.method_name = "GET";
  }
  request.framing = Framing();
  std::erase_if(request.fields, [](const Field& field) {
    return iequals(field.name, "Content-Type") || iequals(field.name, "Content-Length") ||
           iequals(field.name, "Transfer-Encoding");
  });
  body.clear();
  return {};
}

Progress Connection::send_outgoing() {
  for (std::uint64_t total = outgoing.total(); outgoing.sent < total;) {
    const Transfer transfer = send_some(socket(), outgoing, total, close_after);
    if (transfer.outcome == Transfer::Outcome::would_wait) return Progress::need_output;
    if (transfer.outcome != Transfer::Outcome::some) return Progress::gone;
    answer_begun = true;
    outgoing.sent += transfer.bytes;
  }
  return Progress::done;
}

bool Connection::renew_body(const Limits& limits) {
  const double least = static_cast<double>(limits.min_rate) * limits.body_timeout.count();
  if (static_cast<double>(body.size() - body_at_renewal_) < least) return false;
  body_at_renewal_ = body.size();
  deadline = Clock::now() + as_duration(limits.body_timeout);
  return true;
}

bool Connection::renew_sending(const Limits& limits) {
  const std::uint64_t taken =
      outgoing.sent - std::min<std::uint64_t>(outgoing.sent, unacknowledged(socket()));
  const double least = static_cast<double>(limits.min_rate) * limits.send_timeout.count();
  if (static_cast<double>(taken) - static_cast<double>(outgoing.taken) < least) return false;
  outgoing.taken = taken;
  deadline = Clock::now() + as_duration(limits.send_timeout);
  return true;
}

void Connection::send_continue() {
  if (!request.expects_continue || input_.size() > head_bytes_) return;
  (void)send(socket(), "HTTP/1.1 100 Continue\r\n\r\n");
}

void Connection::start_lingering(TimePoint until) {
  phase = Phase::lingering;
  deadline = until;
  shut_down_sending(socket());
}

Progress Connection::drop_input() {
  std::array<char, kBodyPieceBytes> piece;
  while (dropped_ < kMaxDroppedBytes) {
    const Transfer transfer = receive(piece);
    if (transfer.outcome == Transfer::Outcome::would_wait) return Progress::need_input;
    if (transfer.outcome != Transfer::Outcome::some) return Progress::gone;
    dropped_ += transfer.bytes;
  }
  return Progress::gone;
}

void Connection::cut() {
  reset_on_close(socket());
}

void Connection::next_request() {
  input_.consume(head_bytes_ + body_from_input_);
  input_.append(surplus_);
  surplus_.clear();
  scanner_.reset();
  decoder_ = ChunkedDecoder();
  head_bytes_ = 0;
  body_from_input_ = 0;
  body_at_renewal_ = 0;
  seen = 0;
  queued_at = taken_at = TimePoint();
  is_told_of = false;
  request.clear();
  body.clear();
  route.reset();
  outgoing.clear();
  answer_begun = false;
  phase = Phase::idle;
}

short Connection::watched_events() const {
  return half_closed_ ? 0 : POLLRDHUP;
}

bool Connection::has_left(short events) {
  if ((events & (POLLERR | POLLHUP)) != 0) return true;
  half_closed_ = true;
  // It has all it will get, and whoever has that leaves.
  if (answer_begun && outgoing.without_body) return true;
  // A client that closed its socket altogether looks just like one that only ended its side, until something
  // is sent to it: then its kernel answers with a reset. An interim answer may be sent at any time before the
  // final one (RFC 9110 section 15.2).
  if (request.minor_version >= 1 && !answer_begun) (void)send(socket(), "HTTP/1.1 100 Continue\r\n\r\n");
  return false;
}

}  // namespace tinyhttpd
