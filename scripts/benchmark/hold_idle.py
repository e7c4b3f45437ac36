"""Opens connections, asks for one page on each, and keeps them open and silent.

usage: hold_idle.py PORT PATH COUNT

Prints `opened N`. For each line on standard input it prints `open N`, those that the server has not closed; it ends
with its input.
"""

import socket
import sys


def read_answer(stream):
    """Reads one answer with a Content-Length; False when the server ends the connection first."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = stream.recv(65536)
        if not received:
            return False
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    fields = [line.partition(b":") for line in head.lower().split(b"\r\n")[1:]]
    length = next(int(value) for name, _, value in fields if name == b"content-length")
    while len(body) < length:
        received = stream.recv(65536)
        if not received:
            return False
        body += received
    return head.split()[1] == b"200"


def is_open(stream):
    """Whether the other side has said nothing more: neither a byte nor the end. The socket does not block."""
    try:
        stream.recv(1)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def main():
    port, path, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    streams = []
    try:
        while len(streams) < count:
            streams.append(socket.create_connection(("127.0.0.1", port), timeout=3))
            streams[-1].sendall(request)
            if not read_answer(streams[-1]):
                streams.pop()
                break
            streams[-1].setblocking(False)
    except (OSError, StopIteration):
        streams.pop()
    print("opened", sum(map(is_open, streams)), flush=True)
    for _ in sys.stdin:
        print("open", sum(map(is_open, streams)), flush=True)


main()
