#!/bin/sh
# Exchange 22 of tinyhttpd: GET /style.css HTTP/1.1
# No script of this machine ran; it sends the request again.
curl --silent --show-error --include --globoff --path-as-is --http1.1 --request 'GET' \
  --header 'Host: localhost:4000' \
  --header 'User-Agent: it'\''s' \
  --header 'Accept:' \
  'http://127.0.0.1:4000/style.css'
