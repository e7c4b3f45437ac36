#!/bin/sh
# Forgets the header: Content-Type and an empty line must come before the page (RFC 3875 section 6.2.1).
printf '<h1>Hello</h1>\n'
