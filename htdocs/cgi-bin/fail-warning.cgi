#!/bin/sh
# Works, and complains: what a script writes on standard error goes into the server's log, a line at a time.
printf 'warning: the coffee is cold\n' >&2
printf 'Content-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff\n\n'
printf 'This page is complete. The warning is in the log of the server.\n'
