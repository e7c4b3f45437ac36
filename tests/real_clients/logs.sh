#!/usr/bin/env bash
# The JSON access log, read by the JSON reader of Python after requests that nobody should send.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need python3

printf 'the page' >"$root/page.txt"
start_server --log-format json --access-log "$work/access.log" --header-timeout 2

# Sends hostile requests, one connection each, and prints how many.
send_hostile_requests() {
  python3 - "$port" <<'END'
import random
import socket
import sys

random.seed(8259)
END_OF_HEAD = b"\r\n\r\n"
requests = [
    b"GET /page.txt HTTP/1.1\r\nHost: a\r\n",
    b"GET /\xff\xfe\xc3(\xed\xa0\x80\xf4\x90\x80\x80 HTTP/1.1\r\nHost: a\r\n",
    b'GET /","status":200,"x":" HTTP/1.1\r\nHost: a\r\n',
    b"GET /\\u0000\\ HTTP/1.1\r\nHost: a\r\nUser-Agent: \\\r\nReferer: \"\r\n",
    b"GET /\x00\x01\x1b[2J\x7f\xc2\x9b HTTP/1.1\r\nHost: a\r\n",
    b"GET / HTTP/1.1\r\nHost: \xe2\x80\xa8\r\nUser-Agent: \xf0\x9d\x84\x9e\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: " + b"\xff" * 9000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nReferer: " + b'"' * 9000 + b"\r\n",
    b"GET /" + b"\xc3\xa4" * 3000 + b" HTTP/1.1\r\nHost: a\r\n",
    b"GET /" + b"x" * 30000 + b" HTTP/1.1\r\nHost: a\r\n",
    b"A" * 5000 + b" / HTTP/1.1\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"{}",
]
requests += [
    bytes(random.choices(b'\x00\n\r "\\{}[]:,ab/\x7f\x80\xbf\xc2\xe2\xf0\xff', k=random.randrange(1, 400)))
    for _ in range(300)
]
for request in requests:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) as client:
        try:
            client.sendall(request + END_OF_HEAD)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
        except ConnectionError:
            pass
print(len(requests))
END
}

every_line_is_json() {
  python3 - "$work/access.log" <<'END'
import datetime
import json
import sys

NAMES = ["time", "id", "remote", "user", "host", "method", "target", "protocol", "status", "bytes", "duration_ms",
         "complete", "referer", "user_agent"]
ids = set()
with open(sys.argv[1], "rb") as log:
    lines = log.readlines()
assert len(lines) > 100, len(lines)
for line in lines:
    assert len(line) <= 4096, len(line)
    assert all(byte >= 0x20 and byte != 0x7F for byte in line[:-1]), line
    entry = json.loads(line.decode("utf-8", errors="strict"))
    assert list(entry) == NAMES, line
    moment = datetime.datetime.strptime(entry["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert abs(now - moment) < datetime.timedelta(minutes=10), line
    assert entry["id"] not in ids, line
    ids.add(entry["id"])
    assert entry["remote"] == "127.0.0.1" and 200 <= entry["status"] < 600, line
    assert isinstance(entry["duration_ms"], float) and isinstance(entry["complete"], bool), line
assert any(entry.endswith(b"\xe2\x80\xa6\"}\n") for entry in lines), "no user agent was cut"
END
}

sent=$(send_hostile_requests)
stop_server
check "the JSON log has a line for whatever was answered" test "$(wc -l <"$work/access.log")" -ge $((sent / 2))
check "every line of the JSON log is read by Python, however hostile the request" every_line_is_json
