#!/bin/sh
# Exchange 20 of tinyhttpd: GET /app.php?x HTTP/1.1
# No script of this machine ran; it sends the request again.
curl --silent --show-error --include --globoff --path-as-is --http1.1 --request 'GET' \
  --header 'Host: [::1]:4000' \
  --header 'User-Agent:' \
  --header 'Accept:' \
  'http://127.0.0.1:4000/app.php?x'
