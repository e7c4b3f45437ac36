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
    servers: tuple = ()  # those that it is measured with; all when empty
    options: tuple = ()  # further ones for tinyhttpd
    gateway: str = ""  # what answers for a script: "fastcgi", "php" or "json"; CGI when empty
    compared_with: str = "without"  # what a rate of the same server is, when the case is held against one


HELLO_C = b"Hello from a CGI program.\n"
HELLO_SH = b"Hello from a shell script.\n"
HELLO_FASTCGI = b"Hello from a FastCGI program.\n"
HELLO_PHP = b"Hello from PHP.\n"
HELLO_JSON = b"Hello from a JSON handler.\n"

# A case that is about many requests or connections is measured with those servers that come near the best in it: the
# others are in the cases before it, and would only make the bench take longer.
EVENT_LOOPS = ("tinyhttpd", "nginx", "nginx-cache", "lighttpd", "h2o")
AND_APACHE = (*EVENT_LOOPS, "apache")
AND_WEBFS = (*EVENT_LOOPS, "webfs")  # it is as fast where each connection closes
AND_BOTH = (*EVENT_LOOPS, "apache", "webfs")
SPEAK_FASTCGI = AND_APACHE  # the small servers do not

CASES = {case.name: case for case in (
    Case("static1k", "1 KiB file, 64 connections"),
    Case("static1k-c1", "1 KiB file, 1 connection", connections=1, servers=EVENT_LOOPS),
    Case("static1k-c512", "1 KiB file, 512 connections", connections=512, servers=EVENT_LOOPS),
    Case("closing1k", "1 KiB file, closing, 64 clients", headers=CLOSE),
    Case("closing1k-c1", "1 KiB file, closing, 1 client", connections=1, headers=CLOSE, servers=AND_WEBFS),
    Case("closing1k-c512", "1 KiB file, closing, 512 clients", connections=512, headers=CLOSE, servers=AND_WEBFS),
    Case("static100k", "100 KiB file, 64 connections", path="/100k.bin", body="100k.bin", servers=AND_BOTH),
    Case("static10m", "10 MiB file, 64 connections", path="/10m.bin", body="10m.bin", unit="MB/s"),
    Case("not-modified", "304 Not Modified, 64 connections", method="not_modified", servers=AND_APACHE),
    Case("gzip", "20 KiB page with a .gz beside it", path="/ready.html", body="ready.html", headers=GZIP,
         servers=AND_APACHE),
    Case("gzip-live", "20 KiB page, compressed by the server", path="/page.html", body="page.html",
         headers=GZIP, servers=AND_APACHE),
    Case("access-log", "1 KiB file, access log on, 64 connections", log=True, servers=AND_BOTH),
    Case("cgi-c", "CGI program in C, 16 connections", path="/cgi-bin/hello.cgi", body="", text=HELLO_C,
         connections=16),
    Case("cgi-sh", "CGI shell script, 16 connections", path="/cgi-bin/sh.cgi", body="", text=HELLO_SH, connections=16),
    Case("cgi-output", "256 MiB from a CGI program", path="/cgi-bin/pour.cgi", method="output", unit="MB/s",
         connections=1),
    Case("cgi-post", "64 MiB to a CGI program", path="/cgi-bin/discard.cgi", method="post", unit="MB/s",
         connections=1),
    Case("cgi-cache1g", "CGI program in C, 1 GiB in the cache against none", path="/cgi-bin/hello.cgi", body="",
         text=HELLO_C, connections=16, method="full_cache", servers=("tinyhttpd",),
         options=("--cache-size", "3G")),  # half of it is for contents
    Case("fastcgi-hello", "FastCGI program in C, 64 connections", path="/app/", body="", text=HELLO_FASTCGI,
         gateway="fastcgi", servers=SPEAK_FASTCGI),
    Case("php-hello", "PHP by php-fpm, 64 connections", path="/hello.php", body="", text=HELLO_PHP,
         gateway="php", servers=SPEAK_FASTCGI),
    Case("json-hello", "JSON handler in C, 16 connections", path="/json/", body="", text=HELLO_JSON,
         connections=16, method="beside_cgi", gateway="json", compared_with="as a CGI program",
         servers=("tinyhttpd",)),  # nobody else has this
    Case("idle", "Memory, idle", method="idle_memory", unit="MiB", more_is_better=False),
    Case("idle10k", "Memory for 10,000 idle connections", method="idle_connections", unit="MiB",
         more_is_better=False, servers=EVENT_LOOPS),
    Case("static1k-idle10k", "1 KiB file beside 10,000 idle connections", method="beside_idle", servers=EVENT_LOOPS),
)}
