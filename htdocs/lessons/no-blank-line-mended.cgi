#!/bin/sh
# Greets the visitor.
echo 'Content-Type: text/plain'
echo
echo 'Hello!'
