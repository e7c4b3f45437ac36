#!/usr/bin/pyhton3
# Greets the visitor.
print("Content-Type: text/plain")
print()
print("Hello!")
