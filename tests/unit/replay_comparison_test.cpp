#include "tinyhttpd/replay_comparison.hpp"

#include <doctest/doctest.h>

#include "support/recorded_samples.hpp"
#include "tinyhttpd/recorded_exchange.hpp"

using namespace tinyhttpd;
using namespace tinyhttpd::testing;
using Strings = std::vector<std::string>;

TEST_CASE("an answer that came out the same has no differences, whatever its date") {
  RecordedExchange again = cgi_sample();
  again.sent_head.replace(again.sent_head.find("Date: Thu"), 9, "Date: Fri");
  const ReplayComparison comparison = compare_replay(cgi_sample(), again);
  CHECK(comparison.same_status);
  CHECK(comparison.same_body);
  CHECK(comparison.differences == Strings{});
}

TEST_CASE("that a replay ends its connection is no difference of the answer") {
  RecordedExchange before = file_sample();
  RecordedExchange now = before;
  before.sent_head = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nServer: a\r\n\r\n";
  now.sent_head = "HTTP/1.1 200 OK\r\nServer: a\r\nconnection: close\r\n\r\n";
  CHECK(compare_replay(before, now).differences == Strings{});
  CHECK(compare_replay(now, before).differences == Strings{});
}

TEST_CASE("each difference of an answer is a sentence") {
  const RecordedExchange before = post_sample();
  RecordedExchange now = before;
  now.status = 200;
  now.sent_head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-New: 1\r\n\r\n";
  now.streams[1].bytes[now.script_head_bytes + 16] = '!';
  now.streams[2].bytes = "oops";
  now.exit->code = 1;
  const ReplayComparison comparison = compare_replay(before, now);
  CHECK_FALSE(comparison.same_status);
  CHECK_FALSE(comparison.same_body);
  CHECK(comparison.differences ==
        Strings{"the status was 201 and is 200", "the header Server is no longer sent",
                "the header Content-Type was \"application/octet-stream\" and is \"text/plain\"",
                "the header Content-Length is no longer sent", "the header X-New is new",
                "the body differs from byte 17 on: 256 bytes before, 256 bytes now",
                "standard error differs from byte 1 on: 0 bytes before, 4 bytes now",
                "the script's end was: ended with exit status 0; now: ended with exit status 1"});
}

TEST_CASE("a secret header that changed is not quoted") {
  RecordedExchange before;
  RecordedExchange now;
  before.sent_head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n\r\n";
  now.sent_head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=2\r\n\r\n";
  CHECK(compare_replay(before, now).differences == Strings{"the header Set-Cookie is another"});
}

TEST_CASE("bodies of which nothing was kept are compared by their length") {
  RecordedExchange before = file_sample();
  RecordedExchange now = before;
  now.body_bytes = 7;
  const ReplayComparison comparison = compare_replay(before, now);
  CHECK_FALSE(comparison.same_body);
  CHECK(comparison.differences == Strings{"the body had 1234 bytes and has 7 bytes"});
}

TEST_CASE("the body of a request is what the script was given, or what its JSON event holds") {
  CHECK(request_body_of(post_sample())->size() == 256);
  CHECK(request_body_of(json_sample()) == std::string("\0\xff\n\xff", 4));
  CHECK(request_body_of(cgi_sample()) == "");
  RecordedExchange nonsense = json_sample();
  nonsense.streams[0].bytes.back() = '{';
  CHECK_FALSE(request_body_of(nonsense));
}

TEST_CASE("what cannot be repeated says why") {
  for (const auto& exchange :
       {cgi_sample(), post_sample(), failed_sample(), fastcgi_sample(), json_sample(), file_sample()})
    CHECK_FALSE(why_no_replay(exchange));
  CHECK(why_no_replay(refused_sample()) == "the head of the request never came whole");
  RecordedExchange refused = refused_sample();
  refused.request_line = "GET /\x01 HTTP/1.1";
  CHECK(why_no_replay(refused) == "the head of the request was refused, and is not kept");
  refused.status = 408;
  CHECK(why_no_replay(refused) == "the head of the request never came whole");
  RecordedExchange long_body = post_sample();
  long_body.streams[0].total += 1;
  CHECK(why_no_replay(long_body) == "the body was longer than --inspect-bytes");
  RecordedExchange unread = post_sample();
  unread.streams[0] = {};
  CHECK(why_no_replay(unread) == "the body was not recorded, because no script read it all");
  RecordedExchange running = cgi_sample();
  running.over = false;
  CHECK(why_no_replay(running) == "it is not over yet");
}
