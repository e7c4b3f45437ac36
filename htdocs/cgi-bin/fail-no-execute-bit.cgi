#!/bin/sh
# A good script, but nobody has said "chmod +x": the mode of its file is 644.
printf 'Content-Type: text/plain\n\nThis is never seen.\n'
