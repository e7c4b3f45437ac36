"""The bench's own requests: to check an answer before it is measured, and where wrk cannot measure."""

import http.client
import json
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import processes

HERE = Path(__file__).parent


class WrongAnswer(Exception):
    """The server did not answer as the case needs; the text says how."""


def ask(port, path, headers=None, timeout=10.0):
    """One GET on a connection of its own. Returns (status, fields, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise WrongAnswer(f"{path}: {type(error).__name__} {error}".strip()) from error
    finally:
        connection.close()


def run_wrk(port, path, connections, seconds, headers):
    """Load from one thread of wrk. Returns its figures as a dictionary (figures.lua)."""
    # wrk knows whole seconds only, but ends in good order when it is interrupted.
    command = ["wrk", "-t1", f"-c{connections}", "-d60s", "--timeout", "5s", "-s", str(HERE / "figures.lua")]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    output = run_load_generator(command + [f"http://127.0.0.1:{port}{path}"], seconds)
    try:
        return json.loads(output.splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise WrongAnswer(f"wrk: {output.strip()[-200:]}") from error


def run_ab(port, path, connections, seconds):
    """The same from ab, for answers that end with their connection: wrk takes the end of each for an error, and opens
    one connection too many (ab speaks HTTP/1.0 and closes always)."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as percentiles:
        output = run_load_generator(
            ["ab", "-q", "-r", "-t", "60", "-n", "1000000", "-c", str(connections), "-e", percentiles.name,
             f"http://127.0.0.1:{port}{path}"], seconds)
        lines = Path(percentiles.name).read_text().splitlines()[1:]
    of_percent = {int(percent): float(ms) for percent, ms in (line.split(",") for line in lines)}

    def figure(name):
        found = re.search(rf"^{name}:\s+([0-9.]+)", output, re.MULTILINE)
        return float(found[1]) if found else 0.0

    if not figure("Complete requests"):
        raise WrongAnswer(f"ab: {output.strip()[-200:]}")
    return {"duration_us": figure("Time taken for tests") * 1e6, "requests": int(figure("Complete requests")),
            "bytes": int(figure("Total transferred")), "p50_us": of_percent[50] * 1e3, "p99_us": of_percent[99] * 1e3,
            "connect": 0, "read": int(figure("Failed requests")), "write": int(figure("Write errors")),
            "status": int(figure("Non-2xx responses")), "timeout": 0}


def run_load_generator(command, seconds):
    """Runs wrk or ab, interrupts it when the time is over, and returns what it printed."""
    generator = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    processes.load_generators.add(generator.pid)
    try:
        time.sleep(seconds)
        generator.send_signal(signal.SIGINT)
        return generator.communicate(timeout=15)[0]
    except subprocess.TimeoutExpired as error:
        raise WrongAnswer(f"{command[0]} did not come to its end") from error
    finally:
        generator.kill()
        generator.wait()
        processes.load_generators.discard(generator.pid)


def download(port, path, expected_bytes):
    """Reads one answer to its end, keeping nothing. Returns its seconds; `expected_bytes` is the body's length."""
    started = time.monotonic()
    buffer = memoryview(bytearray(1 << 20))
    received = 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        while count := response.readinto(buffer):
            received += count
    except (OSError, http.client.HTTPException) as error:
        raise WrongAnswer(f"{path}: {type(error).__name__} after {received} bytes") from error
    finally:
        connection.close()
    if response.status != 200 or received != expected_bytes:
        raise WrongAnswer(f"{path}: status {response.status}, {received} bytes")
    return time.monotonic() - started


def upload(port, path, body):
    """Sends `body` in one POST to a script that answers with the number of bytes it read. Returns the seconds."""
    started = time.monotonic()
    head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n")
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as stream:
            stream.sendall(head.encode())
            stream.sendall(body)
            response = http.client.HTTPResponse(stream, method="POST")
            response.begin()
            answer = response.read().strip()
    except (OSError, http.client.HTTPException) as error:
        raise WrongAnswer(f"{path}: {type(error).__name__} {error}".strip()) from error
    if response.status != 200 or answer != str(len(body)).encode():
        raise WrongAnswer(f"{path}: status {response.status}, the script read {answer[:40].decode('latin-1')}")
    return time.monotonic() - started


class IdleConnections:
    """Holds connections that have had one answer each and say no more. A process of its own, for its descriptors."""

    def __init__(self, port, path, count):
        self.count = count
        command = ["python3", str(HERE / "hold_idle.py"), str(port), path, str(count)]
        self.holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.load_generators.add(self.holder.pid)

    def __enter__(self):
        try:
            self.expect("opened")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def expect(self, word):
        """Reads the holder's next line, which must be `word` and the whole number of connections."""
        line = self.holder.stdout.readline().strip()
        if line != f"{word} {self.count}":
            raise WrongAnswer(f"idle connections: {line or 'none'} of {self.count}")

    def all_still_open(self):
        """Fails when the server has closed some of them meanwhile."""
        self.holder.stdin.write("count\n")
        self.holder.stdin.flush()
        self.expect("open")

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait()
        processes.load_generators.discard(self.holder.pid)
