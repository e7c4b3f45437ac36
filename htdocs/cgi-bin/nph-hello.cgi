#!/bin/sh
# Shows a non-parsed-header script (RFC 3875 section 5): its name begins with nph-, and the server passes on
# what it writes unchanged. So it ends header lines with CR LF, and leaves out the body for HEAD, by itself.
# By hand: env -i REQUEST_METHOD=GET ./nph-hello.cgi
set -u

printf 'HTTP/1.1 200 OK\r\n'
printf 'Date: %s\r\n' "$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')"
printf 'Content-Type: text/plain; charset=utf-8\r\n'
# No Content-Length: the end of the connection is the end of the text.
printf 'Connection: close\r\n\r\n'

[ "${REQUEST_METHOD-}" = HEAD ] && exit
printf 'Hello. The script wrote every byte of this response, the status line too.\n'
