"""What a request costs tinyhttpd in instructions and in system calls: counts, which hardly depend on the machine's day.

The server runs twice, the second time with more requests: what it does to start and to end is in both, and drops out
of the difference. Instructions are those of the server in user space, as callgrind counts them; system calls are those
of its threads, as strace shows them. What the scripts do that it runs is in neither.
"""

import http.client
import os
import re
import subprocess
import time
from collections import Counter
from dataclasses import replace

import client
import measure
import peers
import processes
import site_files
from cases import CASES

# Cases, and how many connections take turns. With one, counts are the same within one in a hundred; with many, threads
# work at the same time, and it depends on the moment which of them waits, and how often.
COUNTED = {"static1k-c1": 1, "static1k": 64, "not-modified": 1, "gzip": 1, "access-log": 1, "cgi-c": 1}
FEW, MANY = 128, 768  # requests, multiples of the connections
RARE = 0.01  # calls for one request; what is rarer does not belong to it


def count(bench, name):
    """Both counts for one request of a case: {"instructions": N, "system_calls": {name: N}, "errors": [], …}."""
    case = replace(CASES[name], connections=COUNTED[name])
    result = {"connections": case.connections, "errors": []}
    try:
        result["instructions"] = round(for_one_request(bench, case, count_instructions)["instructions"])
        calls = for_one_request(bench, case, count_calls)
        result["system_calls"] = {call: round(number, 2) for call, number in calls.most_common() if number >= RARE}
    except (client.WrongAnswer, OSError, http.client.HTTPException, subprocess.SubprocessError) as error:
        result["errors"].append(str(error) or type(error).__name__)
    finally:
        processes.end_server()
    return result


def for_one_request(bench, case, count_requests):
    few, many = count_requests(bench, case, FEW), count_requests(bench, case, MANY)
    return Counter({what: (number - few[what]) / (MANY - FEW) for what, number in many.items()})


def count_instructions(bench, case, requests):
    folder, _ = run_under(["valgrind", "-q", "--vgdb=no", "--tool=callgrind", "--callgrind-out-file=callgrind.out"],
                          bench, case, requests)
    found = re.search(r"^(?:summary|totals): (\d+)", (folder / "callgrind.out").read_text(), re.MULTILINE)
    return Counter(instructions=int(found[1]))


def count_calls(bench, case, requests):
    # -D: the server is our child, not strace's, and the signal that ends it meets it alone.
    folder, threads = run_under(["strace", "-D", "-f", "-qq", "-s", "0", "-e", "signal=none", "-o", "calls"],
                                bench, case, requests)
    calls = re.findall(r"^(\d+) +(\w+)\(", (folder / "calls").read_text(errors="replace"), re.MULTILINE)
    return Counter(name for thread, name in calls if thread in threads)


def run_under(tool, bench, case, requests):
    """Runs the server as the child of a tool, for so many requests. Returns its folder, and the ids of its threads."""
    folder = site_files.fresh_folder(bench.folder, "counted", processes.server_user())
    setup = measure.setup_for(bench, case, folder)
    program = processes.start([*tool, *peers.tinyhttpd(setup)[0].command], folder, folder / "output")
    running = measure.Running(bench, case, setup, forks=False, programs=[program])
    try:
        measure.wait_until_ready(running)
        send_requests(running, requests)
        threads = set(os.listdir(f"/proc/{program.pid}/task"))
    except client.WrongAnswer as error:
        raise client.WrongAnswer(measure.with_last_words(f"{tool[0]}: {error}", setup)) from error
    end(program)
    return folder, threads


def send_requests(running, requests):
    """Each connection sends a request, then each gets its answer, until there were so many."""
    case, port = running.case, running.setup.port
    headers = measure.validators(port, case.path) if case.method == "not_modified" else case.headers
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=20) for _ in range(case.connections)]
    try:
        for _ in range(requests // case.connections):
            for connection in connections:
                ask(connection, case.path, headers)
            for connection in connections:
                response = connection.getresponse()
                response.read()
                if response.status != (304 if case.method == "not_modified" else 200):
                    raise client.WrongAnswer(f"{case.path}: status {response.status}")
    finally:
        for connection in connections:
            connection.close()


def ask(connection, path, headers):
    """Sends what wrk would send, and nothing else."""
    connection.putrequest("GET", path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()


def end(program):
    """Ends the server alone, so that the tool sees it end and writes all it has counted."""
    program.terminate()
    program.wait(timeout=20)
    deadline = time.monotonic() + 10
    while processes.server_processes():
        if time.monotonic() > deadline:
            raise client.WrongAnswer("the tool that counts does not end")
        processes.reap_orphans()
        time.sleep(0.01)
