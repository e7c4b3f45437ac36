#!/usr/bin/env python3
# Greets the visitor, and says that all is well.
print("Status: 200 OK")
print("Content-Type: text/plain")
print()
print("Hello!")
