#!/bin/sh
# Exchange 19 of tinyhttpd: GET /cgi-bin/no-blank-line.cgi HTTP/1.0
# It runs the script as the server did.
# Masked, and no secret is in this file; put in the real value of: HTTP_COOKIE
# Masked, and no secret is in this file; put in the real value of: DB_PASSWORD
cd '/srv/www/cgi-bin' || exit
env -i \
  'GATEWAY_INTERFACE=CGI/1.1' \
  'SERVER_SOFTWARE=tinyhttpd/0.1.0' \
  'SERVER_NAME=127.0.0.1' \
  'SERVER_ADDR=127.0.0.1' \
  'SERVER_PORT=4000' \
  'SERVER_PROTOCOL=HTTP/1.0' \
  'DOCUMENT_ROOT=/srv/www' \
  'REMOTE_ADDR=127.0.0.1' \
  'REMOTE_HOST=127.0.0.1' \
  'REMOTE_PORT=51234' \
  'SCRIPT_NAME=/cgi-bin/no-blank-line.cgi' \
  'SCRIPT_FILENAME=/srv/www/cgi-bin/no-blank-line.cgi' \
  'PATH_INFO=' \
  'REDIRECT_STATUS=200' \
  'REQUEST_METHOD=GET' \
  'REQUEST_URI=/cgi-bin/no-blank-line.cgi' \
  'QUERY_STRING=' \
  'HTTP_COOKIE=id=*************' \
  'DB_PASSWORD=***************' \
  'LANG=C.UTF-8' \
  'PATH=/usr/local/bin:/usr/bin:/bin' \
  '/srv/www/cgi-bin/no-blank-line.cgi' </dev/null
