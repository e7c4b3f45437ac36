#!/bin/sh
# Exchange 21 of tinyhttpd: POST /api/hello HTTP/1.1
# It runs the script as the server did.
# Masked, and no secret is in this file; put in the real value of: DB_PASSWORD
# Masked, and no secret is in this file; put in the real value of: the body
cd '/srv/www' || exit
{
printf '{"version":"2.0","cookies":["id=*************"],"body":"AP8K'
printf '/w==","isBase64Encoded":true,"tinyhttpd":{"scriptName":"/api'
printf '","pathInfo":"/hello","documentRoot":"/srv/www"}}\n'
} | env -i \
  'DB_PASSWORD=***************' \
  'LANG=C.UTF-8' \
  'PATH=/usr/local/bin:/usr/bin:/bin' \
  '/usr/bin/python3' \
  '/srv/handler.py'
