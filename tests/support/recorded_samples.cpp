#include "support/recorded_samples.hpp"

#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/fastcgi_record.hpp"
#include "tinyhttpd/request_parser.hpp"

namespace tinyhttpd::testing {

namespace {

/// An exchange grows by what happens to it, a hundred microseconds from step to step.
class Story {
 public:
  RecordedExchange exchange;

  explicit Story(RequestId id) {
    exchange.id = id;
    exchange.began_unix = 1'773'342'238'004'321;
    exchange.remote_address = exchange.server_address = "127.0.0.1";
    exchange.remote_port = 51234;
    exchange.server_port = 4000;
  }

  void step(RecordedStep step) {
    step.at = at_;
    at_ += 100;
    exchange.steps.push_back(std::move(step));
  }

  void request(std::string head, std::string handler, std::string why) {
    at_ = -300;
    exchange.request_head = std::move(head);
    CgiConfig config;
    config.environment = {"DB_PASSWORD=database-sesame", "LANG=C.UTF-8"};
    config.pass_authorization = true;
    Request request;
    static_cast<void>(parse_request(exchange.request_head, Limits(), request));
    exchange.request_line = request.line;
    exchange.method = request.method_name;
    exchange.target = request.target;
    exchange.path = request.path;
    exchange.query = request.query;
    exchange.worker = 3;
    exchange.handler = std::move(handler);
    exchange.why = std::move(why);
    step({.step = Step::accepted});
    step({.step = Step::queued});
    step({.step = Step::taken, .number = 3});
    step({.step = Step::first_byte});
    step({.step = Step::head_parsed, .bytes = exchange.request_head.size()});
    step({.step = Step::route, .text = exchange.handler});
  }

  void environment(const std::string& script, const std::string& path_info = "", std::uint64_t body = 0) {
    CgiConfig config;
    config.environment = {"DB_PASSWORD=database-sesame", "LANG=C.UTF-8"};
    config.pass_authorization = true;
    Request request;
    static_cast<void>(parse_request(exchange.request_head, Limits(), request));
    const ScriptTarget target{script, path_info, "/srv/www" + script, "/srv/www", "", false};
    exchange.script = script;
    const Endpoints ends{exchange.remote_address, exchange.remote_port, exchange.server_address,
                         exchange.server_port};
    exchange.environment = exchange.handler == "invoke_json"
                               ? configured_environment(config)
                               : cgi_environment(request, target, ends, body, config);
    // Samples stay as they are when the server's version changes.
    for (std::string& variable : exchange.environment)
      if (variable.starts_with("SERVER_SOFTWARE=")) variable = "SERVER_SOFTWARE=tinyhttpd/0.1.0";
    if (exchange.handler == "execute_cgi") exchange.arguments = cgi_arguments(request, target);
    exchange.load = RecordedLoad{8, 2, 0, 1024, 1, 6, 0, 5};
    step({.step = Step::environment, .number = static_cast<std::int64_t>(exchange.environment.size())});
  }

  void spawn(bool has_input_pipe) {
    exchange.descriptors = ScriptDescriptors{9, has_input_pipe ? 10 : -1, 11, 12, 13, 14};
    exchange.pid = 4242;
    step({.step = Step::pipes});
    step({.step = Step::spawned, .number = 4242});
  }

  void write(const std::string& bytes) { flow(0, Step::wrote, bytes); }
  void read(int stream, const std::string& bytes) { flow(stream, Step::read, bytes); }

  void close(int stream) {
    stream_of(stream).closed = true;
    step({.step = Step::closed, .stream = stream});
  }

  void script_head() {
    exchange.script_head_bytes = find_cgi_head_end(exchange.streams[1].bytes, 0).value_or(0);
    step({.step = Step::script_head, .bytes = exchange.script_head_bytes});
  }

  void exit(int code) {
    step({.step = Step::reaping});
    step({.step = Step::exited, .number = code});
    exchange.exit = RecordedExit{code < 0, code < 0 ? -code : code, 1200, 800, 3412};
  }

  void fail(ScriptFailure failure) {
    step({.step = Step::failed, .text = std::string(name_of(failure.fault))});
    exchange.failure = std::move(failure);
  }

  void answer(int status, std::string head, std::uint64_t body_bytes) {
    exchange.status = status;
    exchange.sent_head = std::move(head);
    exchange.body_bytes = body_bytes;
    step({.step = Step::head_sent, .bytes = exchange.sent_head.size()});
    step({.step = Step::sent, .bytes = body_bytes, .number = status});
    exchange.complete = exchange.over = true;
    exchange.duration = at_ - 100;
  }

 private:
  RecordedStream& stream_of(int stream) { return exchange.streams[static_cast<std::size_t>(stream)]; }

  void flow(int number, Step what, const std::string& bytes) {
    RecordedStream& stream = stream_of(number);
    step({.step = what, .stream = number, .offset = stream.total, .bytes = bytes.size()});
    stream.bytes += bytes;
    stream.total += bytes.size();
  }

  std::int64_t at_ = 0;
};

std::string lines_of(const std::vector<std::string>& strings) {
  std::string text;
  for (const std::string& string : strings) text += string + "\n";
  return text;
}

constexpr const char* kDateAndServer = "Date: Thu, 12 Mar 2026 19:03:58 GMT\r\nServer: tinyhttpd/0.1.0\r\n";

}  // namespace

const std::vector<std::string>& sample_secrets() {
  static const std::vector<std::string> kSecrets = {"cookie-sesame", "a%20b%2Fc-sesame",
                                                    "a b/c-sesame",  "quo\"ted-sesame",
                                                    "open-sesame",   "YWxhZGRpbjpvcGVuLXNlc2FtZQ==",
                                                    "aladdin:open",  "api-sesame",
                                                    "set-sesame",    "database-sesame"};
  return kSecrets;
}

RecordedExchange cgi_sample() {
  Story story(17);
  story.request(
      "GET /cgi-bin/env.cgi/Extra?a=1&b=%20 HTTP/1.1\r\nHost: localhost:4000\r\nAccept: text/html\r\n"
      "Accept: */*;q=0.1\r\nCookie: id=cookie-sesame; n=7; path=a%20b%2Fc-sesame\r\n"
      "Authorization: Basic YWxhZGRpbjpvcGVuLXNlc2FtZQ==\r\nX-Api-Key: api-sesame\r\nX-Token: "
      "quo\"ted-sesame\r\n"
      "Proxy: http://evil/\r\nX_Odd: 1\r\n\r\n",
      "execute_cgi", "it lies below a --cgi-prefix");
  story.environment("/cgi-bin/env.cgi", "/Extra");
  story.spawn(false);
  const std::string head =
      "Content-Type: text/plain\nSet-Cookie: s=set-sesame; Path=/\nX-CGI-Note: x\nConnection: close\r\n"
      "X-Plain:1\r\n\n";
  story.read(1, head);
  story.script_head();
  story.answer(200,
               std::string("HTTP/1.1 200 OK\r\n") + kDateAndServer +
                   "Content-Type: text/plain\r\nSet-Cookie: s=set-sesame; Path=/\r\nX-Plain: 1\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n",
               0);
  const std::string body =
      lines_of(story.exchange.environment) +
      "decoded: a b/c-sesame, json: quo\\\"ted-sesame, html: quo&quot;ted-sesame, encoded: a%20b%2Fc-sesame, "
      "again: a%2520b%252Fc-sesame, base64: Y29va2llLXNlc2FtZQ==, password: open-sesame\n";
  story.read(1, body);
  story.exchange.body_bytes = body.size();
  story.read(2, "a warning with aladdin:open-sesame\n");
  story.step({.step = Step::error_line, .stream = 2, .text = "a warning with aladdin:open-sesame"});
  story.close(1);
  story.close(2);
  story.exit(0);
  return story.exchange;
}

RecordedExchange post_sample() {
  std::string body;
  for (int byte = 0; byte < 256; ++byte) body += static_cast<char>(byte);
  Story story(18);
  story.request(
      "POST /cgi-bin/echo.cgi HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
      "Content-Type: application/octet-stream\r\n\r\n",
      "execute_cgi", "it lies below a --cgi-prefix");
  story.step({.step = Step::body_complete, .bytes = body.size()});
  story.environment("/cgi-bin/echo.cgi", "", body.size());
  story.spawn(true);
  story.write(body.substr(0, 100));
  story.write(body.substr(100));
  story.close(0);
  story.read(
      1, "Status: 201 Made\r\nContent-Type: application/octet-stream\r\nContent-Length: 256\r\n\r\n" + body);
  story.script_head();
  story.answer(201,
               std::string("HTTP/1.1 201 Made\r\n") + kDateAndServer +
                   "Content-Type: application/octet-stream\r\nContent-Length: 256\r\n\r\n",
               256);
  story.close(1);
  story.exit(0);
  return story.exchange;
}

RecordedExchange failed_sample() {
  Story story(19);
  story.request("GET /cgi-bin/no-blank-line.cgi HTTP/1.0\r\nCookie: id=cookie-sesame\r\n\r\n", "execute_cgi",
                "it lies below a --cgi-prefix");
  story.environment("/cgi-bin/no-blank-line.cgi");
  story.spawn(false);
  story.read(1, "Content-Type: text/plain\nX-Was: cookie-sesame");
  story.close(1);
  story.fail({ScriptFault::no_blank_line, 0, "X-Was: cookie-sesame"});
  story.exit(0);
  story.answer(
      502,
      std::string("HTTP/1.1 502 Bad Gateway\r\n") + kDateAndServer +
          "Content-Type: text/html; charset=utf-8\r\nContent-Length: 312\r\nConnection: close\r\n\r\n",
      312);
  return story.exchange;
}

RecordedExchange fastcgi_sample() {
  Story story(20);
  story.request("GET /app.php?x HTTP/1.1\r\nHost: [::1]:4000\r\n\r\n", "forward_to_fastcgi",
                "there is a --fastcgi for it");
  story.environment("/app.php");
  story.exchange.backend = "unix:/run/php/php-fpm.sock";
  const auto record = [&story](Step step, FastcgiType type, std::uint64_t bytes) {
    story.step({.step = step,
                .offset = step == Step::fastcgi_received ? 1U : 0U,
                .bytes = bytes,
                .number = static_cast<std::int64_t>(type)});
  };
  story.step({.step = Step::fastcgi_connected, .number = 1, .text = story.exchange.backend});
  record(Step::fastcgi_sent, FastcgiType::begin_request, 8);
  record(Step::fastcgi_sent, FastcgiType::params, 612);
  record(Step::fastcgi_sent, FastcgiType::params, 0);
  record(Step::fastcgi_sent, FastcgiType::standard_input, 0);
  story.close(0);
  record(Step::fastcgi_received, FastcgiType::standard_output, 33);
  story.read(1, "Location: http://example.org/\r\n\r\n");
  story.script_head();
  record(Step::fastcgi_received, FastcgiType::end_request, 8);
  story.step({.step = Step::fastcgi_ended, .number = 0});
  story.exchange.fastcgi_status = 0;
  story.answer(302,
               std::string("HTTP/1.1 302 Found\r\n") + kDateAndServer +
                   "Location: http://example.org/\r\nContent-Length: 0\r\nX-From-Option: 1\r\n\r\n",
               0);
  return story.exchange;
}

RecordedExchange json_sample() {
  Story story(21);
  story.request(
      "POST /api/hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nCookie: id=cookie-sesame\r\n\r\n",
      "invoke_json", "there is a --json for it");
  story.step({.step = Step::body_complete, .bytes = 4});
  story.environment("/api");
  story.exchange.arguments = {"/usr/bin/python3", "/srv/handler.py"};
  story.spawn(true);
  story.write(R"({"version":"2.0","cookies":["id=cookie-sesame"],"body":"AP8K/w==","isBase64Encoded":true,)"
              R"("tinyhttpd":{"scriptName":"/api","pathInfo":"/hello","documentRoot":"/srv/www"}})"
              "\n");
  story.close(0);
  story.read(1, R"({"statusCode":200,"headers":{"X-A":"1"},"body":"hi"})");
  story.exit(0);
  story.answer(200,
               std::string("HTTP/1.1 200 OK\r\n") + kDateAndServer +
                   "X-A: 1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
               2);
  return story.exchange;
}

RecordedExchange file_sample() {
  Story story(22);
  story.request("GET /style.css HTTP/1.1\r\nHost: localhost:4000\r\nUser-Agent: it's\r\n\r\n", "serve_file",
                "a file");
  story.answer(200,
               std::string("HTTP/1.1 200 OK\r\n") + kDateAndServer +
                   "Content-Type: text/css; charset=utf-8\r\nContent-Length: 1234\r\n\r\n",
               1234);
  return story.exchange;
}

RecordedExchange refused_sample() {
  Story story(23);
  story.exchange.rejection = "a byte that no method has";
  story.step({.step = Step::first_byte});
  story.step({.step = Step::rejected, .number = 400});
  story.answer(
      400,
      std::string("HTTP/1.1 400 Bad Request\r\n") + kDateAndServer +
          "Content-Type: text/html; charset=utf-8\r\nContent-Length: 300\r\nConnection: close\r\n\r\n",
      300);
  return story.exchange;
}

const std::string& hostile_bytes() {
  static const std::string kBytes =
      "'\"\\ $(id) `id` \n\r\t\x1b[31m\x1b[201~ \xff\xfe \xc2\x9b </script><!-- ; # end %% %%{init}%% #35; "
      "<br> "
      "\xe2\x80\xae \xf0\x9f\x98\x80 -n =x";
  return kBytes;
}

RecordedExchange hostile_sample() {
  Story story(24);
  story.request("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: localhost\r\n\r\n", "execute_cgi", "it is executable");
  story.environment("/cgi-bin/x.cgi");
  RecordedExchange& exchange = story.exchange;
  const std::string& bytes = hostile_bytes();
  exchange.request_head = "GET /x HTTP/1.1\r\nX-Odd: " + bytes + "\r\n\r\n";
  exchange.script = "/cgi-bin/" + bytes;
  for (std::string* text : {&exchange.request_line, &exchange.target, &exchange.query, &exchange.why,
                            &exchange.rejection, &exchange.method})
    *text += bytes;
  exchange.environment.push_back("ODD=" + bytes);
  exchange.environment.push_back("HTTP_ODD=" + bytes);
  exchange.environment.push_back(bytes);
  exchange.arguments.push_back(bytes);
  story.spawn(true);
  story.write(bytes);
  story.read(1, "X: " + bytes + "\n\n" + bytes);
  story.read(2, bytes);
  story.step({.step = Step::error_line, .stream = 2, .text = bytes});
  story.fail({ScriptFault::bad_header, static_cast<int>(HeaderFault::no_colon), bytes});
  story.exit(-11);
  story.answer(502, "HTTP/1.1 502 Bad Gateway\r\nX: " + bytes + "\r\n\r\n", 9);
  return exchange;
}

}  // namespace tinyhttpd::testing
