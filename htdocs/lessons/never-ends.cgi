#!/bin/sh
# Shows a report as soon as it is there.
until [ -e report.txt ]; do sleep 1; done
echo 'Content-Type: text/plain'
echo
cat report.txt
