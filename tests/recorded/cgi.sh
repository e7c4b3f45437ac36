#!/bin/sh
# Exchange 17 of tinyhttpd: GET /cgi-bin/env.cgi/Extra?a=1&b=%20 HTTP/1.1
# It runs the script as the server did.
# Masked, and no secret is in this file; put in the real value of: HTTP_COOKIE
# Masked, and no secret is in this file; put in the real value of: HTTP_AUTHORIZATION
# Masked, and no secret is in this file; put in the real value of: HTTP_X_API_KEY
# Masked, and no secret is in this file; put in the real value of: HTTP_X_TOKEN
# Masked, and no secret is in this file; put in the real value of: DB_PASSWORD
cd '/srv/www/cgi-bin' || exit
env -i \
  'GATEWAY_INTERFACE=CGI/1.1' \
  'SERVER_SOFTWARE=tinyhttpd/0.1.0' \
  'SERVER_NAME=localhost' \
  'SERVER_ADDR=127.0.0.1' \
  'SERVER_PORT=4000' \
  'SERVER_PROTOCOL=HTTP/1.1' \
  'DOCUMENT_ROOT=/srv/www' \
  'REMOTE_ADDR=127.0.0.1' \
  'REMOTE_HOST=127.0.0.1' \
  'REMOTE_PORT=51234' \
  'SCRIPT_NAME=/cgi-bin/env.cgi' \
  'SCRIPT_FILENAME=/srv/www/cgi-bin/env.cgi' \
  'PATH_INFO=/Extra' \
  'REDIRECT_STATUS=200' \
  'PATH_TRANSLATED=/srv/www/Extra' \
  'REQUEST_METHOD=GET' \
  'REQUEST_URI=/cgi-bin/env.cgi/Extra?a=1&b=%20' \
  'QUERY_STRING=a=1&b=%20' \
  'HTTP_HOST=localhost:4000' \
  'HTTP_ACCEPT=text/html, */*;q=0.1' \
  'HTTP_COOKIE=id=*************; n=*; path=****************' \
  'HTTP_AUTHORIZATION=**********************************' \
  'HTTP_X_API_KEY=**********' \
  'HTTP_X_TOKEN=**************' \
  'DB_PASSWORD=***************' \
  'LANG=C.UTF-8' \
  'PATH=/usr/local/bin:/usr/bin:/bin' \
  '/srv/www/cgi-bin/env.cgi' </dev/null
