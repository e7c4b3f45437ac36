"""The document root that all servers share, in a temporary folder."""

import gzip
import os
import random
import shutil
import time
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB
CACHED_FILE_BYTES = 64 * KIB
CACHED_MIB = 1024
CACHED_FILES = CACHED_MIB * MIB // CACHED_FILE_BYTES + 100
SETTLED_SECONDS = 3  # Servers do not trust a file in their cache that has only just changed.
SH_SCRIPT = """#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "Hello from a shell script."
"""
PHP_PAGE = '<?php header("Content-Type: text/plain"); echo "Hello from PHP.\\n";\n'


def make_site(root, programs):
    """Fills `root` with files of the sizes to be asked for, and with the scripts: PHP, a shell script, `programs`.
    Returns when all that is old enough to be cached."""
    for folder in ("cgi-bin", "many"):
        (root / folder).mkdir(parents=True)
    noise = random.Random(1)
    for name, size in (("1k.txt", KIB), ("100k.bin", 100 * KIB), ("10m.bin", 10 * MIB), ("64k.bin", CACHED_FILE_BYTES)):
        (root / name).write_bytes(noise.randbytes(size // 16) * 16)
    for name in ("page.html", "ready.html"):
        (root / name).write_bytes(html_page(20 * KIB))
    (root / "ready.html.gz").write_bytes(gzip.compress((root / "ready.html").read_bytes(), 9))
    (root / "hello.php").write_text(PHP_PAGE)
    scripts = {"sh.cgi": SH_SCRIPT.encode(), **{program.name: program.read_bytes() for program in programs}}
    for name, content in scripts.items():
        (root / "cgi-bin" / name).write_bytes(content)
        (root / "cgi-bin" / name).chmod(0o755)
    # Many names of one file: a cache keeps a copy for each name, the disk holds only one.
    for number in range(CACHED_FILES):
        os.link(root / "64k.bin", root / "many" / f"{number}.bin")
    time.sleep(SETTLED_SECONDS)


def html_page(size):
    """About `size` bytes of HTML that compress as a written page does, to about a third."""
    noise = random.Random(2)
    words = ["".join(noise.choices("etaoinshrdlucmfw", k=noise.randint(2, 10))) for _ in range(600)]
    page = ["<!DOCTYPE html>\n<html lang=\"en\"><head><title>A page</title></head><body>\n"]
    while sum(map(len, page)) < size:
        page.append("<p>" + " ".join(noise.choices(words, k=40)) + ".</p>\n")
    return ("".join(page) + "</body></html>\n").encode()


def fresh_folder(parent, name, user):
    """An empty folder for one start of a server: its configuration, its logs, its temporary files."""
    folder = Path(parent) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder
