#!/bin/sh
# Shows a report as soon as it is there.
echo 'Content-Type: text/plain'
echo
cat report.txt 2>/dev/null || echo 'There is no report yet. Please come back later.'
