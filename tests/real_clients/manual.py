#!/usr/bin/env python3
"""Compares the options of a manual page with those of --help: names, arguments and defaults. Prints each difference.

usage: manual.py PAGE.1 <HELP
"""

import re
import subprocess
import sys

# "  -p, --port N      TCP port …", the text going on below it.
HELP_ENTRY = re.compile(r"^  (?:(-\w), |    )(--[a-z][a-z-]*)(?: (\S.*?))?(?:  +(\S.*))?$")
PAGE_ENTRY = re.compile(r"^     (?:(-\w), )?(--[a-z][a-z-]*)(?: (\S.*))?$")


def entries(lines, pattern):
    """Option → (short name, argument, what is said about it in one line)."""
    found, option = {}, None
    for line in lines:
        if match := pattern.match(line):
            short, option, argument = match.group(1, 2, 3)
            said = match.group(4) if pattern.groups == 4 else ""
            found[option] = [short, argument, said or ""]
        elif option and line.startswith("       "):
            found[option][2] += " " + line.strip()
        elif line.strip():
            option = None
    return found


def default_of_help(said):
    match = re.search(r"\(default:? ([^)]*)\)", said)
    return match.group(1) if match else None


def differences(of_help, of_page):
    for option in sorted(of_help.keys() | of_page.keys()):
        if option not in of_page or option not in of_help:
            yield f"{option} is not in {'the page' if option in of_help else '--help'}"
            continue
        short, argument, said = of_help[option]
        if [short, argument] != of_page[option][:2]:
            yield f"{option}: {short} {argument} in --help, {of_page[option][:2]} in the page"
        default = default_of_help(said)
        # Defaults in words may be in others there.
        if default and re.fullmatch(r"[\w.,/-]+", default) and default != "off":
            if not re.search(rf"default is `?{re.escape(default)}'?\.", of_page[option][2]):
                yield f"{option}: default {default} in --help, not in the page"


def main():
    formatted = subprocess.check_output(["mandoc", "-Tascii", "-Owidth=1000", sys.argv[1]], text=True)
    of_page = entries(re.sub(".\b", "", formatted).splitlines(), PAGE_ENTRY)
    of_help = entries(sys.stdin.read().splitlines(), HELP_ENTRY)
    found = list(differences(of_help, of_page))
    print("\n".join(found) or f"{len(of_page)} options")
    return 1 if found or len(of_page) < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
