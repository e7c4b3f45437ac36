"""One measurement: a server is started, its answer checked, the load run, and the server ended.

Every way to measure takes a `Bench` and fills in a dictionary: `value` in the case's unit, and where they are known
`p50_ms`, `p99_ms`, `pss_mib`, `cpu_per_100k` (seconds), `errors` (a list of words; then the value is no figure).
"""

import gzip
import http.client
import statistics
import time
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import client
import peers
import processes
import site_files
from cases import CASES
from client import WrongAnswer

IDLE_COUNT = 10000
MIB = 1 << 20
WARM_UP_REQUESTS = 50


@dataclass
class Bench:
    """What all measurements share."""
    root: Path
    folder: Path
    tinyhttpd: Path
    programs: Path
    seconds: float


@dataclass
class Running:
    """A server that is started for a case."""
    bench: Bench
    case: object
    setup: peers.Setup
    forks: bool  # whether a part of the work is done by processes that end
    programs: list = field(default_factory=list)

    def cpu_seconds(self):
        return processes.cpu_seconds(with_children=self.forks)


def measure(bench, case, server):
    """Measures `server` once. Whatever goes wrong is in the result's `errors`, and nothing is left running."""
    setup = setup_for(bench, case, site_files.fresh_folder(bench.folder, server, processes.server_user()))
    result = {"errors": []}
    try:
        forks = setup.scripts or setup.gateway == "json" or server in peers.FORKING
        running = Running(bench, case, setup, forks)
        start(server, running)
        METHODS[case.method](running, result)
    except (WrongAnswer, OSError, EOFError, zlib.error) as error:
        result["errors"].append(with_last_words(str(error) or type(error).__name__, setup))
    finally:
        processes.end_server()
    if case.log and not result["errors"]:
        check_log(setup.access_log, result)
    return result


def start(server, running):
    """Starts it, and returns when it answers."""
    running.programs = peers.start(server, running.setup)
    wait_until_ready(running)


def setup_for(bench, case, folder):
    """What a server must be set up for."""
    return peers.Setup(root=bench.root, folder=folder, port=processes.free_port(), tinyhttpd=bench.tinyhttpd,
                       connections=case.connections, idle_connections=IDLE_COUNT if "idle10k" in case.name else 0,
                       scripts=case.path.startswith("/cgi-bin/"), options=list(case.options),
                       access_log=folder / "access.log" if case.log else None,
                       gateway=case.gateway, programs=bench.programs)


def with_last_words(error, setup):
    """An error with the last line that the server printed."""
    output = setup.folder / "output"
    lines = output.read_text(errors="replace").strip().splitlines() if output.exists() else []
    return f"{error} ({lines[-1][:160]})" if lines else error


def wait_until_ready(running):
    """Waits until the server answers anything, and no longer that the program which runs its scripts is not there."""
    path = "/cgi-bin/hello.cgi" if running.setup.scripts else "/1k.txt"
    if running.setup.gateway:
        path = running.case.path
    deadline = time.monotonic() + 10
    while True:
        try:
            status, _, _ = client.ask(running.setup.port, path, timeout=2)
            if status not in (502, 503) or time.monotonic() > deadline:
                return
        except WrongAnswer as error:
            if any(program.poll() is not None for program in running.programs):
                raise WrongAnswer("it ended when it was started") from error
            if time.monotonic() > deadline:
                raise WrongAnswer("it did not answer in 10 s") from error
        time.sleep(0.02)


def check_answer(running, headers):
    """Fails unless the answer is the right one: 200, and every byte. Returns the length of its body as it was sent, and
    whether the end of the connection is its only end."""
    case = running.case
    status, fields, body = client.ask(running.setup.port, case.path, headers)
    length = len(body)
    if "Accept-Encoding" in headers:
        if fields.get("Content-Encoding") != "gzip":
            raise WrongAnswer("its answer is not compressed")
        body = gzip.decompress(body)
    expected = (running.bench.root / case.body).read_bytes() if case.body else case.text
    if status != 200 or body != expected:
        raise WrongAnswer(f"{case.path}: status {status}, {len(body)} bytes, which are not the right ones")
    chunked = fields.get("Transfer-Encoding", "").lower() == "chunked"
    return length, not chunked and fields.get("Content-Length") is None


def run_load(running, headers, result, least_bytes, most_bytes=None, unframed=False):
    """Runs the load and fills in its figures. `least_bytes` and `most_bytes` bound the length of an answer with its
    head, so that short answers and answers of another kind cannot pass for good ones."""
    case, port = running.case, running.setup.port
    before = running.cpu_seconds()
    if unframed:
        result["note"] = "measured with ab, as its answers have no length"
        figures = client.run_ab(port, case.path, case.connections, running.bench.seconds)
    else:
        figures = client.run_wrk(port, case.path, case.connections, running.bench.seconds, headers)
    after = running.cpu_seconds()
    count, seconds = figures["requests"], figures["duration_us"] / 1e6
    for kind in ("connect", "read", "write", "status", "timeout"):
        if figures[kind]:
            result["errors"].append(f"{figures[kind]} {kind}")
    if not count:
        raise WrongAnswer("no request was answered")
    mean_bytes = figures["bytes"] / count
    if mean_bytes < least_bytes or (most_bytes and mean_bytes > most_bytes):
        result["errors"].append(f"answers of {mean_bytes:.0f} bytes")
    result["value"] = figures["bytes"] / seconds / 1e6 if case.unit == "MB/s" else count / seconds
    result["requests"] = count
    result["p50_ms"], result["p99_ms"] = figures["p50_us"] / 1e3, figures["p99_us"] / 1e3
    result["pss_mib"] = processes.pss_kib() / 1024
    if before is not None and after is not None:
        result["cpu_per_100k"] = (after - before) / count * 1e5


def warm_up(running, headers):
    """Lets caches fill and processes start before the clock does."""
    for _ in range(WARM_UP_REQUESTS):
        client.ask(running.setup.port, running.case.path, headers)


def requests(running, result):
    """Requests for one path, over and over."""
    headers = running.case.headers
    length, unframed = check_answer(running, headers)
    warm_up(running, headers)
    run_load(running, headers, result, length, unframed=unframed)
    check_answer(running, headers)


def not_modified(running, result):
    """Requests that carry the validators of an earlier answer, those that the server understands."""
    headers = validators(running.setup.port, running.case.path)
    warm_up(running, headers)
    run_load(running, headers, result, least_bytes=1, most_bytes=1000)


def validators(port, path):
    """The fields of a request that is answered with 304."""
    _, fields, _ = client.ask(port, path)
    known = {"If-None-Match": fields.get("ETag"), "If-Modified-Since": fields.get("Last-Modified")}
    both = {name: value for name, value in known.items() if value}
    for headers in [both] + [{name: value} for name, value in both.items()]:
        if client.ask(port, path, headers)[0] == 304:
            return headers
    raise WrongAnswer("it does not answer with 304")


def transfers(running, result, transfer, size):
    """Large transfers one after the other, each checked to its last byte, until the time is over."""
    transfer()
    before = running.cpu_seconds()
    times = []
    while sum(times) < running.bench.seconds:
        times.append(transfer())
    after = running.cpu_seconds()
    result["value"] = size * len(times) / sum(times) / 1e6
    result["requests"] = len(times)
    result["p50_ms"], result["p99_ms"] = statistics.median(times) * 1e3, max(times) * 1e3
    result["pss_mib"] = processes.pss_kib() / 1024
    if before is not None and after is not None:
        result["cpu_per_100k"] = (after - before) / len(times) * 1e5


def output(running, result):
    size = 256 * MIB
    transfers(running, result, lambda: client.download(running.setup.port, running.case.path, size), size)


def post(running, result):
    body = memoryview(bytes(64 * MIB))
    transfers(running, result, lambda: client.upload(running.setup.port, running.case.path, body), len(body))


def full_cache(running, result):
    """The rate of scripts with a full cache, and with an empty one: a large process must not be slower to spawn."""
    before = rate_now(running, result)
    fill_cache(running.setup.port)
    filled_mib = processes.pss_kib() / 1024
    if filled_mib < site_files.CACHED_MIB:
        raise WrongAnswer(f"with its cache full it takes only {filled_mib:.0f} MiB")
    requests(running, result)
    processes.end_server()
    start("tinyhttpd", running)
    hold_against(result, before, rate_now(running, result))


def fill_cache(port):
    """Asks for each of the many files once."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        for number in range(site_files.CACHED_FILES):
            connection.request("GET", f"/many/{number}.bin")
            response = connection.getresponse()
            if len(response.read()) != site_files.CACHED_FILE_BYTES:
                raise WrongAnswer(f"while its cache was filled: status {response.status}")
    except (OSError, http.client.HTTPException) as error:
        raise WrongAnswer(f"while its cache was filled: {type(error).__name__}") from error
    finally:
        connection.close()


def beside_cgi(running, result):
    """The rate, and that of the program in C that says the same as a CGI script, from as many connections."""
    cgi = replace(running, case=replace(CASES["cgi-c"], connections=running.case.connections))
    before = rate_now(cgi, result)
    requests(running, result)
    hold_against(result, before, rate_now(cgi, result))


def rate_now(running, result):
    """Requests per second without the state that the case is about."""
    without = {"errors": result["errors"]}
    requests(running, without)
    return without["value"]


def hold_against(result, before, after):
    """Against the rates before and after, so that a machine that becomes slower or faster meanwhile does not count."""
    result["empty_value"] = (before + after) / 2
    result["of_empty"] = result["value"] / result["empty_value"]


def idle_memory(running, result):
    """Memory after one answer."""
    check_answer(running, {})
    time.sleep(0.5)  # Processes that are still starting are part of it.
    result["value"] = result["pss_mib"] = processes.pss_kib() / 1024


def idle_connections(running, result):
    """What 10,000 connections add to it; `pss_mib` is the whole."""
    check_answer(running, {})
    time.sleep(0.5)
    before = processes.pss_kib() / 1024
    with client.IdleConnections(running.setup.port, running.case.path, IDLE_COUNT) as idle:
        result["pss_mib"] = processes.pss_kib() / 1024
        idle.all_still_open()
    result["value"] = max(0.0, result["pss_mib"] - before)


def beside_idle(running, result):
    """The rate beside 10,000 idle connections, and without them."""
    before = rate_now(running, result)
    with client.IdleConnections(running.setup.port, running.case.path, IDLE_COUNT) as idle:
        requests(running, result)
        idle.all_still_open()
    hold_against(result, before, rate_now(running, result))


def check_log(path, result):
    """A server that lost lines did not have its log on."""
    lines = path.read_bytes().count(b"\n") if path.exists() else 0
    if lines < result["requests"]:
        result["errors"].append(f"{lines} lines in the log for {result['requests']} requests")


METHODS = {function.__name__: function for function in (
    requests, not_modified, output, post, full_cache, beside_cgi, idle_memory, idle_connections, beside_idle)}
