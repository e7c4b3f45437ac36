#!/usr/bin/env python3
# Tells the visitor where the request came from.
import os
import sys

print("Looking for the address", file=sys.stderr)
address = os.environ.get("REMOTE_ADDR", "nowhere")
print("Content-Type: text/plain")
print()
print("You come from", address)
