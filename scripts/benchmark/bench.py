"""The command behind scripts/bench: chooses cases and servers, runs the rounds, and has the results written.

The rest in the order in which it is used: cases.py says what is measured, peers.py sets the servers up,
site_files.py makes what they serve, measure.py measures one server once (with client.py, which makes the load, and
processes.py, which knows what the server costs), counts.py counts instructions and system calls, report.py makes
medians and tables, picture.py draws.
"""

import argparse
import datetime
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import counts
import measure
import peers
import picture
import processes
import report
import site_files
from cases import CASES

HOME = Path(__file__).resolve().parents[2]
WANTED_DESCRIPTORS = 24000  # lighttpd wants two for each connection
NEEDED_DESCRIPTORS = measure.IDLE_COUNT + 1000
END_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures tinyhttpd side by side with other servers on this machine.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--only", metavar="CASE,...", type=names_of("case", CASES), help="these cases only")
    what.add_argument("--instructions", action="store_true",
                      help="only count the instructions and the system calls of a request")
    parser.add_argument("--peers", metavar="NAME,...", type=names_of("server", peers.SERVERS),
                        default=list(peers.SERVERS), help="compare with these servers only")
    parser.add_argument("--rounds", metavar="N", type=positive, default=5, help="measurements of each (default 5)")
    parser.add_argument("--seconds", metavar="S", type=seconds, default=1.5, help="length of one (default 1.5)")
    parser.add_argument("--picture", metavar="FILE", type=Path, default=HOME / "build/bench/results.svg",
                        help="where the picture goes (default build/bench/results.svg)")
    parser.add_argument("--no-build", action="store_true", help="measure build/release/tinyhttpd as it is")
    parser.add_argument("--list", action="store_true", help="name the cases and the servers, and exit")
    return parser.parse_args()


def names_of(what, known):
    """An argument type: a list of names with commas, each in `known`."""
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"no {what} {name}; there are {', '.join(known)}")
        return names
    return parse


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def seconds(text):
    number = float(text)
    if not 0.5 <= number <= 60:
        raise argparse.ArgumentTypeError("must be 0.5 to 60")
    return number


def print_list():
    print("Cases:")
    for case in CASES.values():
        print(f"  {case.name:18} {case.title} ({case.unit})")
        if case.servers:
            print(f"{'':21}with {', '.join(case.servers)} only")
    print("Counted for a request to tinyhttpd, in instructions and in system calls:\n  " + ", ".join(counts.COUNTED))
    print("Servers:\n  " + ", ".join(peers.SERVERS))


def describe_machine():
    """What a reader must know to compare figures with those of another day."""
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
            "load_before": round(os.getloadavg()[0], 2)}


def versions(servers, tinyhttpd):
    """The version of each server, and of what all have behind them, as it or its Debian package says."""
    found = {}
    for server in [*servers, "FastCGI"]:
        if server == "tinyhttpd":
            command = [str(tinyhttpd), "--version"]
        else:
            command = ["dpkg-query", "-W", "-f", "${Package} ${Version}  "] + peers.PACKAGES[server]
        output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        found[server] = output.strip().splitlines()[0] if output.strip() else "unknown"
    return found


def servers_for(case, chosen):
    """The servers to measure in a case, and why each of the others is left out."""
    if case.servers:
        chosen = [name for name in chosen if name in case.servers]
    cannot = {name: peers.CANNOT.get(name, {}).get(case.name) for name in chosen}
    return ([name for name in chosen if not cannot[name]],
            {name: reason for name, reason in cannot.items() if reason})


def run_case(bench, case, chosen, rounds):
    """All rounds of one case. A round goes over all servers, so that a change of the machine meets them all."""
    servers, left_out = servers_for(case, chosen)
    results = {name: [] for name in servers}
    for number in range(rounds):
        # Each round begins with another server, so that none always follows the same one.
        turn = number % max(1, len(servers))
        for name in servers[turn:] + servers[:turn]:
            show_progress(f"{case.name}: round {number + 1} of {rounds}: {name}")
            results[name].append(measure.measure(bench, case, name))
    show_progress("")
    return {"title": case.title, "unit": case.unit, "more_is_better": case.more_is_better, "left_out": left_out,
            "compared_with": case.compared_with,
            "servers": {name: {"median": report.medians(rows), "rounds": rows} for name, rows in results.items()}}


def count_all(bench):
    """The counts of each case that has some, by its name."""
    results = {}
    for name in counts.COUNTED:
        show_progress(f"instructions and system calls: {name}")
        results[name] = counts.count(bench, name)
    show_progress("")
    return results


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def prepare(folder, arguments):
    """The document root, and copies of tinyhttpd and of the programs, where the servers' user can read them."""
    folder.chmod(0o755)
    programs = sorted((HOME / "build/bench/cgi-bin").glob("*.cgi"))
    site_files.make_site(folder / "root", programs)
    tinyhttpd = folder / "tinyhttpd"
    shutil.copy2(HOME / "build/release/tinyhttpd", tinyhttpd)
    shutil.copytree(HOME / "build/bench/programs", folder / "programs")
    (folder / "run").mkdir()
    return measure.Bench(root=folder / "root", folder=folder / "run", tinyhttpd=tinyhttpd,
                         programs=folder / "programs", seconds=arguments.seconds)


def run(arguments, folder):
    """Runs the cases, printing each table when it is complete; writes the results even when it is interrupted."""
    chosen = ["tinyhttpd"] + [name for name in peers.SERVERS if name in arguments.peers and name != "tinyhttpd"]
    if arguments.instructions:
        chosen, arguments.rounds = ["tinyhttpd"], 0
    bench = prepare(folder, arguments)
    results = {"date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
               "command": shlex.join(["scripts/bench", *sys.argv[1:]]), "machine": describe_machine(),
               "rounds": arguments.rounds, "seconds": arguments.seconds,
               "versions": versions(chosen, bench.tinyhttpd), "cases": {}}
    print(report.heading(results), flush=True)
    if results["machine"]["load_before"] > 0.5:
        print("The machine is busy: take these figures for a try only.", file=sys.stderr)
    try:
        if not arguments.only:
            results["counts"] = count_all(bench)
            print(report.counts_table(results["counts"]), flush=True)
        for name in [] if arguments.instructions else arguments.only or CASES:
            results["cases"][name] = run_case(bench, CASES[name], chosen, arguments.rounds)
            print(report.table(name, results["cases"][name]), flush=True)
    finally:
        write_results(results, arguments.picture)
    return results


def write_results(results, picture_file):
    file = HOME / "build/bench/results.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print(f"Results: {file}")
    if results["cases"]:
        picture_file.parent.mkdir(parents=True, exist_ok=True)
        picture_file.write_text(picture.draw(results))
        print(f"Picture: {picture_file}")


def end_on_signal(number, _):
    sys.exit(128 + number)  # SystemExit runs every `finally` on its way.


def main():
    arguments = parse_arguments()
    if arguments.list:
        print_list()
        return 0
    for number in END_SIGNALS:
        signal.signal(number, end_on_signal)
    os.umask(0o022)
    processes.adopt_orphans()
    if processes.raise_descriptor_limit(WANTED_DESCRIPTORS) < NEEDED_DESCRIPTORS:
        print(f"Fewer than {NEEDED_DESCRIPTORS} descriptors are allowed (ulimit -Hn): the cases with "
              "10,000 connections will fail", file=sys.stderr)
    folder = Path(tempfile.mkdtemp(prefix="tinyhttpd-bench-"))
    try:
        run(arguments, folder)
    finally:
        for number in END_SIGNALS:  # A second Ctrl-C must not leave anything behind.
            signal.signal(number, signal.SIG_IGN)
        processes.end_load()
        processes.end_server()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
