"""Starts and ends the servers, and reads from /proc what they cost.

One server runs at a time, so whatever descends from this program and does not make load belongs to that server. A
process that its parent left behind becomes ours (PR_SET_CHILD_SUBREAPER), so nothing outlives the bench.
"""

import ctypes
import os
import pwd
import random
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

load_generators = set()  # Pids of wrk and of the client that holds idle connections.


def adopt_orphans():
    """Makes this process the parent of every descendant whose own parent has ended."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def raise_descriptor_limit(wanted):
    """Allows `wanted` descriptors if that can be had, and returns how many there are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, wanted))
            hard = wanted
        except ValueError:
            pass  # That takes root, and not in every container is root allowed to.
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def descriptor_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def server_user():
    """Whom the servers run as: some refuse root or change to another user, so then all run as www-data."""
    return pwd.getpwnam("www-data" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)


def free_port():
    """A port below those the kernel hands to clients, so that no wrk connection of before still holds it."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def start(command, folder, error_file, environment=None):
    """Starts one program of a server in its folder, as the servers' user. What it prints goes to `error_file`."""
    user = server_user()
    options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with open(error_file, "ab") as output:
        return subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                env={**os.environ, **(environment or {})}, start_new_session=True, **options)


def read_stat(pid):
    """The fields of /proc/PID/stat after the program's name, or None when the process has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def server_processes():
    """The pids of the running server: all our descendants but those that make load."""
    children = {}
    for name in os.listdir("/proc"):
        stat = read_stat(name) if name.isdigit() else None
        if stat:
            children.setdefault(int(stat[1]), []).append(int(name))
    found, waiting = [], [os.getpid()]
    while waiting:
        for pid in children.get(waiting.pop(), []):
            if pid not in load_generators:
                found.append(pid)
                waiting.append(pid)
    return found


def pss_kib():
    """Memory of all the server's processes in KiB, shared pages divided among those that share them."""
    total = 0
    for pid in server_processes():
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def cpu_seconds(with_children):
    """User and system time of the server so far, with that of the children it has waited for. When the children's
    count and it waits for none, None: the kernel then forgets what they used."""
    ticks = 0
    for pid in server_processes():
        stat = read_stat(pid)
        if stat is None:
            continue
        if with_children and ignores_children(pid):
            return None
        ticks += sum(int(field) for field in stat[11:15])  # utime, stime, cutime, cstime
    return ticks / TICKS_PER_SECOND


def ignores_children(pid):
    """Whether the process ignores SIGCHLD."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigIgn:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGCHLD - 1) & 1)
    except OSError:
        pass
    return False


def reap_orphans():
    """Waits for those of the server's processes that have ended; the bench's own are waited for where they started."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def end_server(patience=0.5):
    """Ends all of the server's processes. First its programs are asked to, which lets them end and tidy up after their
    own helpers; after `patience` seconds whoever is left is asked, after as many again killed."""
    for number, whom, seconds in ((signal.SIGTERM, our_children, patience),
                                  (signal.SIGTERM, server_processes, patience),
                                  (signal.SIGKILL, server_processes, 5.0)):
        deadline = time.monotonic() + seconds
        for pid in whom():
            send(pid, number)
        while server_processes() and time.monotonic() < deadline:
            reap_orphans()
            time.sleep(0.01)
        reap_orphans()
        if not server_processes():
            return


def our_children():
    """Those of the server's processes that the bench has started itself."""
    return [pid for pid in server_processes() if (read_stat(pid) or ["", ""])[1] == str(os.getpid())]


def end_load():
    """Ends what makes load, where an interruption left some."""
    for pid in list(load_generators):
        send(pid, signal.SIGKILL)
        load_generators.discard(pid)


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
