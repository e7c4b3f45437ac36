#!/usr/bin/env python3
# Greets the visitor.
print("Content-Type: text/plain")
print()
print("Hello!")
