#!/bin/sh
# Exchange 23 of tinyhttpd: the head of its request never came whole, so nothing can be done again.
exit 1
