#!/usr/bin/env bash
# Handlers of JSON events in Python and PHP, each with its language's own JSON: what they are told, and what becomes of
# their answers.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need curl python3

# Both answer to the same questions, asked by the path's end.
cat >"$work/handler.py" <<'END'
import base64
import hashlib
import json
import sys
import time

event = json.load(sys.stdin)
body = event.get("body", "")
body = base64.b64decode(body, validate=True) if event["isBase64Encoded"] else body.encode()
what = event["rawPath"].rsplit("/", 1)[-1]
if what == "event":
    print(json.dumps(event))
elif what == "sum":
    print(json.dumps({"sum": hashlib.sha256(body).hexdigest(), "binary": event["isBase64Encoded"]}))
elif what == "echo":
    headers = {"Content-Type": "application/octet-stream"}
    encoded = base64.b64encode(body).decode()
    print(json.dumps({"statusCode": 200, "headers": headers, "body": encoded, "isBase64Encoded": True}))
elif what == "cookies":
    print(json.dumps({"statusCode": 201, "cookies": ["a=1", "b=two; Path=/"], "headers": {"X-Length": 3}}))
elif what == "away":
    print(json.dumps({"statusCode": 302, "headers": {"Location": "/hello.txt"}}))
elif what == "text":
    print(json.dumps("Grüße \U0001F418 \"quoted\"\n"))
elif what == "fail":
    sys.exit("a reason on standard error")
elif what == "broken":
    print('{"statusCode": 200, "body": ')
elif what == "silent":
    time.sleep(20)
END
cat >"$work/handler.php" <<'END'
<?php
$event = json_decode(file_get_contents('php://stdin'), false, 512, JSON_THROW_ON_ERROR);
$body = $event->body ?? '';
if ($event->isBase64Encoded) $body = base64_decode($body, true);
$what = basename($event->rawPath);
$answer = fn ($value) => print(json_encode($value, JSON_THROW_ON_ERROR) . "\n");
switch ($what) {
  case 'event': $answer($event); break;
  case 'sum': $answer(['sum' => hash('sha256', $body), 'binary' => $event->isBase64Encoded]); break;
  case 'echo':
    $answer(['statusCode' => 200, 'headers' => ['Content-Type' => 'application/octet-stream'],
             'body' => base64_encode($body), 'isBase64Encoded' => true]);
    break;
  case 'cookies':
    $answer(['statusCode' => 201, 'cookies' => ['a=1', 'b=two; Path=/'], 'headers' => ['X-Length' => 3]]);
    break;
  case 'away': $answer(['statusCode' => 302, 'headers' => ['Location' => '/hello.txt']]); break;
  case 'text': $answer("Grüße \u{1F418} \"quoted\"\n"); break;
  case 'fail': fwrite(STDERR, "a reason on standard error\n"); exit(1);
  case 'broken': echo '{"statusCode": 200, "body": '; break;
  case 'silent': sleep(20); break;
}
END
echo hello >"$root/hello.txt"
head -c 3M /dev/urandom >"$work/binary"
# Not ASCII, and with all that JSON escapes.
printf 'Zo\303\253 \360\237\220\230 "quotes" \\ back\tslash\nlines\r\n</script>\177' >"$work/text"

get() { curl -sS --max-time 10 "$@"; }
status_of() { get -o /dev/null -w '%{http_code}' "$@"; }
# value EXPRESSION: of the JSON on standard input, as Python writes it.
value() { python3 -c "import json, sys; event = json.load(sys.stdin); print(($1))"; }

event() {
  get -b 'a=b; c=d' -H 'X-Thing: one' -H 'X-Thing: two' "$url/$1/a%20b/event?x=1&x=2&y=%26+z" >"$work/event" &&
    is "$(value 'event["version"], event["rawPath"], event["rawQueryString"]' <"$work/event")" \
      "('2.0', '/$1/a b/event', 'x=1&x=2&y=%26+z')" &&
    is "$(value 'event["queryStringParameters"]' <"$work/event")" "{'x': '1,2', 'y': '& z'}" &&
    is "$(value 'event["cookies"], event["headers"]["x-thing"]' <"$work/event")" "(['a=b', 'c=d'], 'one,two')" &&
    is "$(value '[event["requestContext"]["http"][name] for name in ("method", "protocol", "sourceIp")]' \
      <"$work/event")" "['GET', 'HTTP/1.1', '127.0.0.1']"
}
# sum_is LANGUAGE FILE BINARY
sum_is() {
  is "$(get --data-binary "@$2" "$url/$1/sum" | value 'event["sum"], event["binary"]')" "('$(sum_of "$2")', $3)"
}
texts() { sum_is "$1" "$work/text" False; }
binaries() { sum_is "$1" "$work/binary" True; }
there_and_back() {
  is "$(get --data-binary "@$work/binary" "$url/$1/echo" | sum_of)" "$(sum_of "$work/binary")" &&
    is "$(get --data-binary "@$work/text" "$url/$1/echo" | sum_of)" "$(sum_of "$work/text")"
}
whole_answer() {
  get -D - -o /dev/null "$url/$1/cookies" | tr -d '\r' >"$work/head" &&
    is "$(head -n 1 "$work/head")" 'HTTP/1.1 201 Created' &&
    is "$(grep -i '^set-cookie' "$work/head" | tr '\n' '|')" 'Set-Cookie: a=1|Set-Cookie: b=two; Path=/|' &&
    grep -qix 'x-length: 3' "$work/head"
}
redirect() { is "$(get -L -w ' %{num_redirects}' "$url/$1/away")" $'hello\n 1'; }
bare_string() {
  is "$(get -w '%{http_code} %{content_type}' "$url/$1/text")" $'Grüße 🐘 "quoted"\n200 application/json'
}
failure() {
  is "$(status_of "$url/$1/fail")" 502 && logged "/$1. a reason on standard error" &&
    logged "/$1. ended with exit status 1"
}
broken() { is "$(status_of "$url/$1/broken")" 502 && logged "/$1. its output is no JSON answer"; }
# With a server of its own, that waits for one second only.
silent() { is "$(status_of "$url/$1/silent")" 504 && logged "/$1. wrote nothing for 1 s"; }
too_large() {
  head -c 9M /dev/zero >"$work/large"
  is "$(status_of --data-binary "@$work/large" "$url/$1/sum")" 413
}
at_once() {
  get -Z --parallel-max 16 -o /dev/null -w '%{http_code}\n' "$url/$1/event?[1-64]" >"$work/statuses" 2>/dev/null
  is "$(sort "$work/statuses" | uniq -c | tr -s ' \n' ' ')" ' 64 200 '
}

try_language() {
  local name=$1
  shift
  check "json, $name: the event" event "$name"
  check "json, $name: a text arrives as it is" texts "$name"
  check "json, $name: 3 MB of binary arrive in base64" binaries "$name"
  check "json, $name: binary and text come back as they were" there_and_back "$name"
  check "json, $name: status, fields and cookies" whole_answer "$name"
  check "json, $name: a redirect" redirect "$name"
  check "json, $name: a bare string is its text" bare_string "$name"
  check "json, $name: a handler that fails is 502, and the log says why" failure "$name"
  check "json, $name: half an answer is 502" broken "$name"
  check "json, $name: a body that is too large for an event is 413" too_large "$name"
  check "json, $name: 64 requests, 16 at once" at_once "$name"
}

handlers=(--json "/python/=python3 $work/handler.py")
if command -v php >/dev/null; then
  handlers+=(--json "/php/=php $work/handler.php")
else
  echo "skip json.sh: there is no php for the command line"
fi
languages=(python)
[ ${#handlers[@]} -eq 2 ] || languages+=(php)

start_server --threads 32 "${handlers[@]}"
for language in "${languages[@]}"; do try_language "$language"; done
stop_server

start_server --cgi-timeout 1 "${handlers[@]}"
for language in "${languages[@]}"; do check "json, $language: silence is 504" silent "$language"; done
