#!/bin/sh
# Works in the background, and shows what comes of it.
{
  sleep 1
  echo 'Content-Type: text/plain'
  echo
  echo 'The work is done.'
} &
