#!/bin/sh
# Ends in good health, but has printed nothing: a response needs a header at least (RFC 3875 section 6.2).
exit 0
