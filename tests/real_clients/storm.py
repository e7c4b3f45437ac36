#!/usr/bin/env python3
"""Storms of clients for storms.sh, all to 127.0.0.1. The last line says how it went, the status whether well.

usage: storm.py sleepers PORT CLIENTS SECONDS    each asks for a script that sleeps; a page is probed
       storm.py drippers PORT CLIENTS            each sends one byte of a head a second, until it is answered
       storm.py mixed PORT REQUESTS              good, bad, late and broken ones
       storm.py hold PORT PATH FILE              one request that is not waited for; ends once FILE is there
"""

import asyncio
import collections
import json
import os
import re
import resource
import socket
import struct
import sys
import time

PROBE_LIMIT = 0.3  # seconds, for a small page
PROBE_INTERVAL = 0.1


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def request(method, target, fields="", body=b""):
    head = f"{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{fields}\r\n"
    return head.encode() + body


class Client:
    """One connection."""

    def __init__(self, port):
        self.port = port

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, seconds=120):
        """All that comes until the server ends the connection."""
        return await asyncio.wait_for(self.reader.read(-1), seconds)

    def reset(self):
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def status_of(answer):
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(match.group(1)) if match else 0


async def ask(port, data):
    async with Client(port) as client:
        await client.send(data)
        return await client.answer()


async def probe(port):
    """Asks for a small page, each time on a new connection, until standard input ends; prints the times."""
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    times, wrong = [], 0
    while not ended.done():
        start = time.monotonic()
        answer = await ask(port, request("GET", "/page.txt"))
        times.append(time.monotonic() - start)
        wrong += status_of(answer) != 200 or not answer.endswith(b"the page\n")
        await asyncio.sleep(PROBE_INTERVAL)
    print(json.dumps([sorted(times), wrong]))
    return True


async def with_probe(port, storm):
    """Runs a storm; its outcomes, and whether the page was there meanwhile. A process of its own asks for the
    page: this one is busy, and would measure itself."""
    probing = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "probe", str(port),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    outcomes = collections.Counter(await storm)
    printed, _ = await probing.communicate(b"")
    times, wrong = json.loads(printed)
    print(f"{len(times)} probes, median {times[len(times) // 2] * 1000:.1f} ms, "
          f"slowest {times[-1] * 1000:.1f} ms, {wrong} wrong; {dict(outcomes)}")
    return outcomes, wrong == 0 and len(times) >= 10 and times[-1] < PROBE_LIMIT


async def sleepers(port, clients, seconds):
    async def sleeper():
        answer = await ask(port, request("GET", f"/cgi-bin/sleep.cgi?{seconds}"))
        status = status_of(answer)
        if status == 503 and b"\r\nRetry-After: " not in answer:
            return "503 without Retry-After"
        return "200" if status == 200 and b"slept" in answer else str(status)

    outcomes, well = await with_probe(port, asyncio.gather(*(sleeper() for _ in range(clients))))
    return well and outcomes["200"] > 0 and outcomes["200"] + outcomes["503"] == clients


async def drippers(port, clients):
    async def dripper(number):
        await asyncio.sleep(number / clients)  # spread over the first second
        async with Client(port) as client:
            answering = asyncio.create_task(client.answer())
            for byte in b"GET /page.txt HTTP/1.1\r\nHost: " + b"x" * 60:
                try:
                    await client.send(bytes([byte]))
                except ConnectionError:
                    break
                done, _ = await asyncio.wait({answering}, timeout=1)
                if done:
                    break
            try:
                return str(status_of(await answering))
            except ConnectionError:
                return "reset"

    outcomes, well = await with_probe(port, asyncio.gather(*(dripper(i) for i in range(clients))))
    return well and outcomes["408"] == clients


async def good_page(port):
    return status_of(await ask(port, request("GET", "/page.txt"))) == 200


async def good_script(port):
    body = os.urandom(300_000)
    fields = f"Content-Length: {len(body)}\r\n"
    answer = await ask(port, request("POST", "/cgi-bin/echo.cgi", fields, body))
    return status_of(answer) in (200, 503)


async def missing_page(port):
    return status_of(await ask(port, request("GET", "/missing"))) == 404


async def nonsense(port):
    return status_of(await ask(port, b"\x16\x03\x01 no HTTP at all\r\n\r\n")) == 400


async def late_script(port):
    return status_of(await ask(port, request("GET", "/cgi-bin/sleep.cgi?30"))) in (503, 504)


async def late_head(port):
    return status_of(await ask(port, b"GET /page.txt HTTP/1.1\r\nHo")) == 408


async def broken_download(port):
    async with Client(port) as client:
        await client.send(request("GET", "/large.bin"))
        await client.reader.readexactly(1000)
        client.reset()
    return True


async def broken_upload(port):
    async with Client(port) as client:
        fields = "Content-Length: 5000000\r\n"
        await client.send(request("POST", "/cgi-bin/echo.cgi", fields, b"x" * 2_000_000))
        client.reset()
    return True


async def broken_script(port):
    async with Client(port) as client:
        await client.send(request("GET", "/cgi-bin/sleep.cgi?30"))
        await asyncio.sleep(0.05)
        client.reset()
    return True


async def left_at_once(port):
    async with Client(port):
        return True


# How often each comes in sixty requests.
MIX = {good_page: 20, good_script: 10, missing_page: 5, nonsense: 5, late_script: 1, late_head: 4,
       broken_download: 5, broken_upload: 4, broken_script: 1, left_at_once: 5}


async def mixed(port, requests):
    kinds = [kind for kind, count in MIX.items() for _ in range(count)]
    at_once = asyncio.Semaphore(50)

    async def one(number):
        kind = kinds[number * 7 % len(kinds)]  # 7 and 60 have no common divisor: each has its turn
        async with at_once:
            try:
                well = await kind(port)
            except ConnectionError as error:
                well = repr(error)
            return f"{kind.__name__}: {'well' if well is True else well or 'not as it should be'}"

    outcomes = collections.Counter(await asyncio.gather(*(one(i) for i in range(requests))))
    odd = {outcome: count for outcome, count in outcomes.items() if not outcome.endswith(": well")}
    print(odd or "all well")
    return not odd


async def hold(port, path, file):
    async with Client(port) as client:
        await client.send(request("GET", path))
        deadline = time.monotonic() + 20
        while not (os.path.exists(file) and os.path.getsize(file) > 0):
            if time.monotonic() > deadline:
                print(f"{file} is not there")
                return False
            await asyncio.sleep(0.02)
        if os.fork() == 0:  # keeps the connection for a while, as a browser would
            os.setsid()
            for fd in (0, 1, 2):
                os.close(fd)
            time.sleep(5)
            os._exit(0)
    return True


def main():
    raise_descriptor_limit()
    storms = {"sleepers": sleepers, "drippers": drippers, "mixed": mixed, "hold": hold, "probe": probe}
    arguments = [int(word) if word.isdigit() else word for word in sys.argv[2:]]
    return 0 if asyncio.run(storms[sys.argv[1]](*arguments)) else 1


if __name__ == "__main__":
    sys.exit(main())
