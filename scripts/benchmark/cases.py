"""What is measured: the cases, in the order in which they run and are shown."""

from dataclasses import dataclass, field

CLOSE = {"Connection": "close"}
GZIP = {"Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class Case:
    """One case. `method` names the function of measure.py that measures it; `unit` is what it counts."""
    name: str
    title: str
    path: str = "/1k.txt"
    body: str = "1k.txt"  # the file whose bytes the answer must have; "" where a script makes it
    text: bytes = b""  # what a script's answer must be
    connections: int = 64
    headers: dict = field(default_factory=dict)
    method: str = "requests"
    unit: str = "requests/s"
    more_is_better: bool = True
    log: bool = False
    only: tuple = ()  # the servers that it is for; all when empty


HELLO_C = b"Hello from a CGI program.\n"
HELLO_SH = b"Hello from a shell script.\n"

CASES = {case.name: case for case in (
    Case("static1k-c1", "1 KiB file, 1 connection", connections=1),
    Case("static1k", "1 KiB file, 64 connections"),
    Case("static1k-c512", "1 KiB file, 512 connections", connections=512),
    Case("closing1k-c1", "1 KiB file, closing, 1 client", connections=1, headers=CLOSE),
    Case("closing1k", "1 KiB file, closing, 64 clients", headers=CLOSE),
    Case("closing1k-c512", "1 KiB file, closing, 512 clients", connections=512, headers=CLOSE),
    Case("static100k", "100 KiB file, 64 connections", path="/100k.bin", body="100k.bin"),
    Case("static10m", "10 MiB file, 64 connections", path="/10m.bin", body="10m.bin", unit="MB/s"),
    Case("not-modified", "304 Not Modified, 64 connections", method="not_modified"),
    Case("gzip", "20 KiB page with a .gz beside it", path="/ready.html", body="ready.html", headers=GZIP),
    Case("gzip-live", "20 KiB page, compressed by the server", path="/page.html", body="page.html",
         headers=GZIP),
    Case("access-log", "1 KiB file, access log on, 64 connections", log=True),
    Case("cgi-c", "CGI program in C, 16 connections", path="/cgi-bin/hello.cgi", body="", text=HELLO_C,
         connections=16),
    Case("cgi-sh", "CGI shell script, 16 connections", path="/cgi-bin/sh.cgi", body="", text=HELLO_SH, connections=16),
    Case("cgi-output", "256 MiB from a CGI program", path="/cgi-bin/pour.cgi", method="output", unit="MB/s",
         connections=1),
    Case("cgi-post", "64 MiB to a CGI program", path="/cgi-bin/discard.cgi", method="post", unit="MB/s",
         connections=1),
    Case("cgi-cache1g", "CGI program in C, 1 GiB in the cache against none", path="/cgi-bin/hello.cgi", body="",
         text=HELLO_C, connections=16, method="full_cache", only=("tinyhttpd",)),
    Case("idle", "Memory, idle", method="idle_memory", unit="MiB", more_is_better=False),
    Case("idle10k", "Memory for 10,000 idle connections", method="idle_connections", unit="MiB",
         more_is_better=False),
    Case("static1k-idle10k", "1 KiB file beside 10,000 idle connections", method="beside_idle"),
)}
