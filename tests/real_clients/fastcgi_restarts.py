#!/usr/bin/env python3
"""Two FastCGI backends, one of them killed and restarted every second, while requests arrive at a steady rate: GET and
POST in turn, each with an id of its own. None may be lost, answered twice or answered with what is another's, no GET
may fail, and no POST may be done twice. Prints a line, ok or not ok, for each of these, and the figures.

usage: fastcgi_restarts.py URL RESPONDER FOLDER SECONDS [RATE]
    The server at URL passes /app/ on to unix:FOLDER/0.sock and unix:FOLDER/1.sock; this program runs RESPONDER there,
    which writes the ids it works on to FOLDER/0.ids and FOLDER/1.ids.
"""

import asyncio
import collections
import contextlib
import os
import subprocess
import sys
import time
import urllib.parse

CONNECTIONS = 32
PATIENCE = 10
DOWN_SECONDS = 0.3


class Backend:
    """One responder process, always at the same address."""

    def __init__(self, program, folder, number):
        self.command = [program, f"{folder}/{number}.sock", f"{folder}/{number}.ids"]
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ids(self):
        with open(self.command[2], encoding="ascii") as file:
            return file.read().splitlines()


class Client:
    """Connections to the server, each used for one request at a time."""

    def __init__(self, url):
        self.host, self.port = urllib.parse.urlsplit(url).netloc.split(":")
        self.idle = []
        self.free = asyncio.Semaphore(CONNECTIONS)

    async def ask(self, method, identity):
        """The status and the body; whatever goes wrong with the connection is an OSError or an EOFError."""
        async with self.free:
            reader, writer = self.take_idle() or await asyncio.open_connection(self.host, self.port)
            body = f"body of {identity}".encode() if method == "POST" else b""
            length = f"Content-Length: {len(body)}\r\n" if body else ""
            head = f"{method} /app/id?{identity} HTTP/1.1\r\nHost: {self.host}\r\n{length}\r\n"
            writer.write(head.encode() + body)
            status, keeps, text = await self.read_answer(reader)
            if keeps:
                self.idle.append((reader, writer))
            else:
                writer.close()
            return status, text

    def take_idle(self):
        """One that the server has not closed meanwhile: those of a burst may stay unused past its --keepalive-timeout."""
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def read_answer(self, reader):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().splitlines()
        fields = dict(line.split(": ", 1) for line in lines[1:] if line)
        keeps = fields.get("connection") != "close"
        status = int(lines[0].split()[1])
        if "content-length" in fields:
            return status, keeps, (await reader.readexactly(int(fields["content-length"]))).decode()
        return status, keeps, await self.read_chunks(reader)

    async def read_chunks(self, reader):
        text = b""
        while size := int((await reader.readline()).decode(), 16):
            text += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return text.decode()

    def close(self):
        for _, writer in self.idle:
            writer.close()


async def keep_restarting(backends, seconds):
    """Kills one after the other; never are both down."""
    kills = 0
    start = time.monotonic()
    while (next_kill := start + kills + 0.5) < start + seconds - DOWN_SECONDS:
        await asyncio.sleep(next_kill - time.monotonic())
        backend = backends[kills % len(backends)]
        backend.kill()
        kills += 1
        await asyncio.sleep(DOWN_SECONDS)
        backend.start()
    return kills


async def load(url, backends, seconds, rate):
    """What became of each request, by its line: the status and the body, or how its connection failed."""
    client = Client(url)
    said = {}

    async def one(number):
        method = "POST" if number % 2 else "GET"
        line = f"{method} {number}"
        try:
            said[line] = await asyncio.wait_for(client.ask(method, number), PATIENCE)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            said[line] = (type(error).__name__, str(error))

    restarts = asyncio.create_task(keep_restarting(backends, seconds))
    start = time.monotonic()
    tasks = []
    for number in range(int(seconds * rate)):
        await asyncio.sleep(max(0, start + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    took = time.monotonic() - start
    client.close()
    return said, await restarts, took


def tell(name, wrong):
    if wrong:
        print(f"not ok {name}: {len(wrong)} of them, such as {wrong[0]}")
    else:
        print(f"ok {name}")


def judge(said, done, kills, took):
    good = {line for line, (status, body) in said.items() if status == 200}
    failed = collections.Counter(
        f"{line.split()[0]} {status}" for line, (status, _) in said.items() if status != 200
    )
    twice = [line for line, times in done.items() if times > 1]
    print(f"{len(said)} requests in {took:.1f} s, {kills} kills; failed: {dict(failed)}; "
          f"GETs done again: {sum(line.startswith('GET') for line in twice)}")
    tell("every request is answered", [(line, what) for line, what in said.items() if what[0] not in (200, 502)])
    tell("no answer is another's", [(line, said[line]) for line in good if said[line][1] != line + "\n"])
    tell("no GET fails", [(line, what[0]) for line, what in said.items() if line[0] == "G" and what[0] != 200])
    tell("no POST is done twice", [line for line in twice if line.startswith("POST")])
    tell("what is answered was done", [line for line in good if line not in done])
    tell("POSTs fail only where they met a kill", [] if failed["POST 502"] <= 8 * kills else [dict(failed)])


async def main():
    url, program, folder, seconds, *rate = sys.argv[1:]
    backends = [Backend(program, folder, number) for number in (0, 1)]
    for backend in backends:
        backend.start()
    try:
        while not all(os.path.exists(backend.command[1]) for backend in backends):
            await asyncio.sleep(0.01)
        said, kills, took = await load(url, backends, float(seconds), float(rate[0]) if rate else 200)
        done = collections.Counter(line for backend in backends for line in backend.ids())
        judge(said, done, kills, took)
    finally:
        for backend in backends:
            with contextlib.suppress(ProcessLookupError):
                backend.kill()


if __name__ == "__main__":
    asyncio.run(main())
