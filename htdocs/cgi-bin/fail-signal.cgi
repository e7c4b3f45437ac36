#!/bin/sh
# Dies as a program with a wild pointer does: by the signal SIGSEGV, before it has printed anything.
# No core file of it; every sh on Linux can say so.
# shellcheck disable=SC3045
ulimit -c 0
kill -s SEGV $$
