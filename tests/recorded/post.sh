#!/bin/sh
# Exchange 18 of tinyhttpd: POST /cgi-bin/echo.cgi HTTP/1.1
# It runs the script as the server did.
# Masked, and no secret is in this file; put in the real value of: DB_PASSWORD
cd '/srv/www/cgi-bin' || exit
{
printf '\000\001\002\003\004\005\006\007\010\011\n'
printf '\013\014\015\016\017\020\021\022\023\024\025\026\027\030\031'
printf '\032\033\034\035\036\037 !"#$%%&\047()*+,-./0123456789:;<=>?'
printf '@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz'
printf '{|}~\177\200\201\202\203\204\205\206\207\210\211\212\213\214'
printf '\215\216\217\220\221\222\223\224\225\226\227\230\231\232\233'
printf '\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252'
printf '\253\254\255\256\257\260\261\262\263\264\265\266\267\270\271'
printf '\272\273\274\275\276\277\300\301\302\303\304\305\306\307\310'
printf '\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327'
printf '\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346'
printf '\347\350\351\352\353\354\355\356\357\360\361\362\363\364\365'
printf '\366\367\370\371\372\373\374\375\376\377'
} | env -i \
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
  'SCRIPT_NAME=/cgi-bin/echo.cgi' \
  'SCRIPT_FILENAME=/srv/www/cgi-bin/echo.cgi' \
  'PATH_INFO=' \
  'REDIRECT_STATUS=200' \
  'REQUEST_METHOD=POST' \
  'REQUEST_URI=/cgi-bin/echo.cgi' \
  'QUERY_STRING=' \
  'CONTENT_LENGTH=256' \
  'CONTENT_TYPE=application/octet-stream' \
  'HTTP_HOST=localhost' \
  'DB_PASSWORD=***************' \
  'LANG=C.UTF-8' \
  'PATH=/usr/local/bin:/usr/bin:/bin' \
  '/srv/www/cgi-bin/echo.cgi'
