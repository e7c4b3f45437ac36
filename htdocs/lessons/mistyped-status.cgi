#!/usr/bin/env python3
# Greets the visitor, and says that all is well.
print("Status: OK")
print("Content-Type: text/plain")
print()
print("Hello!")
