#!/usr/bin/env bash
# PHP behind the server, by FastCGI to php-fpm: what a page is told and what it answers, large uploads and downloads,
# and a pool that stops, reloads, runs short of workers or loses one.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need curl python3
# shellcheck source=tests/real_clients/php_fpm.bash
. "$(dirname "$0")/php_fpm.bash"

# --- Pages ----------------------------------------------------------------------------------------------------

page() { cat >"$root/$1"; }
mkdir -p "$root/folder.php" "$root/files"
page info.php <<'END'
<?php
header('Content-Type: text/plain');
$names = ['REQUEST_METHOD', 'REQUEST_URI', 'QUERY_STRING', 'SCRIPT_NAME', 'PATH_INFO', 'PATH_TRANSLATED',
          'SCRIPT_FILENAME', 'DOCUMENT_ROOT', 'SERVER_PROTOCOL', 'REMOTE_ADDR', 'GATEWAY_INTERFACE', 'HTTP_PROXY'];
foreach ($names as $name) echo $name, '=', $_SERVER[$name] ?? '(none)', "\n";
END
page form.php <<'END'
<?php
setcookie('seen', 'yes');
setcookie('colour', 'blue and green');
header('Content-Type: text/plain');
echo ($_POST['name'] ?? '-'), '|', ($_POST['languages'][1] ?? '-'), '|', ($_COOKIE['who'] ?? '-'), "\n";
END
page sum.php <<'END'
<?php
header('Content-Type: text/plain');
echo hash_file('sha256', $_FILES['file']['tmp_name'] ?? 'php://input'), "\n";
END
page large.php <<'END'
<?php
header('Content-Type: application/octet-stream');
readfile($_SERVER['DOCUMENT_ROOT'] . '/files/large.bin');
END
page redirect.php <<'END'
<?php
header('Location: /info.php?from=redirect', true, 303);
END
page lost.php <<'END'
<?php
http_response_code(404);
echo "no such article\n";
END
page fatal.php <<'END'
<?php
error_log('about to fail');
nothing_is_called_so();
END
# It goes on when a file appears, so that whoever waits for its first word can tell when that came.
page stream.php <<'END'
<?php
header('Content-Type: text/plain');
echo "first\n";
while (ob_get_level()) ob_end_flush();
flush();
for ($try = 0; $try < 500 && !file_exists($_GET['file']); ++$try) { usleep(10000); clearstatcache(); }
echo file_exists($_GET['file']) ? "second\n" : "nobody came\n";
END
page pid.php <<'END'
<?php
usleep((int) ($_GET['us'] ?? 0));
echo getmypid(), "\n";
END
page hang.php <<'END'
<?php
file_put_contents($_GET['file'], getmypid());
sleep(20);
END
echo '<?php echo "code in a picture was run";' >"$root/avatar.png"
echo '<?php echo "secret source";' >"$root/CAPITAL.PHP"
head -c 20M /dev/urandom >"$root/files/large.bin"

socket=$work/pool.sock
tcp_port=$(free_port)
start_fpm unix "$socket" 'pm.max_children = 4'
start_fpm tcp "127.0.0.1:$tcp_port" 'pm.max_children = 2'

get() { curl -sS --max-time 10 "$@"; }
status_of() { get -o /dev/null -w '%{http_code}' "$@"; }

# --- What a page sees and says --------------------------------------------------------------------------------

shows() {
  local answer wanted
  answer=$(get --path-as-is "$url$1") || return 1
  shift
  for wanted in "$@"; do
    grep -qxF -- "$wanted" <<<"$answer" || { echo "no '$wanted' in: ${answer//$'\n'/ }"; return 1; }
  done
}
variables() {
  shows '/info.php?a=1&b=x%20y' REQUEST_METHOD=GET 'REQUEST_URI=/info.php?a=1&b=x%20y' 'QUERY_STRING=a=1&b=x%20y' \
    SCRIPT_NAME=/info.php "SCRIPT_FILENAME=$root/info.php" "DOCUMENT_ROOT=$root" REMOTE_ADDR=127.0.0.1 \
    SERVER_PROTOCOL=HTTP/1.1 GATEWAY_INTERFACE=CGI/1.1
}
path_info() {
  shows /info.php/a%20b/c.txt 'PATH_INFO=/a b/c.txt' SCRIPT_NAME=/info.php "SCRIPT_FILENAME=$root/info.php" \
    "PATH_TRANSLATED=$root/a b/c.txt"
}
not_found() {
  local path
  for path in /avatar.png/x.php /nonexist.php /nonexist.php/info.php /folder.php/ /folder.php/x.php \
    /files/large.bin/x.php; do
    is "$(status_of "$url$path") $path" "404 $path" || return 1
  done
  ! get "$url/avatar.png/x.php" | grep 'was run'
}
newline_in_path() {
  is "$(status_of "$url/info.php/%0aAAA")" 400 && is "$(status_of "$url/info.php/PHP%0D%0Ais_sad?aaa")" 400
}
no_source() { ! get "$url/CAPITAL.PHP" | grep 'secret' && ! get "$url/info.php%20" | grep 'php'; }
no_orders_from_headers() {
  local answer
  answer=$(get -H "PHP_VALUE: auto_prepend_file=$root/CAPITAL.PHP" -H 'Proxy: http://evil.example/' \
    -H "PHP-ADMIN-VALUE: auto_prepend_file=$root/CAPITAL.PHP" "$url/info.php") &&
    ! grep 'secret' <<<"$answer" && grep -qxF 'HTTP_PROXY=(none)' <<<"$answer"
}
form() {
  is "$(get -b 'who=Ada' -d 'name=Gr%C3%BC%C3%9Fe+%26+more&languages[]=C&languages[]=PHP' "$url/form.php")" \
    'Grüße & more|PHP|Ada'
}
cookies() {
  local head
  head=$(get -D - -o /dev/null "$url/form.php") && is "$(grep -ci '^Set-Cookie: ' <<<"$head")" 2 &&
    grep -q 'colour=blue%20and%20green' <<<"$head"
}
redirect() {
  is "$(get -o /dev/null -w '%{http_code} %{redirect_url}' "$url/redirect.php")" \
    "303 $url/info.php?from=redirect" && get -L "$url/redirect.php" | grep -qx 'QUERY_STRING=from=redirect'
}
head_only() {
  is "$(get -I -o /dev/null -w '%{http_code} %{content_type}' "$url/large.php")" '200 application/octet-stream' &&
    # The connection still works: no body was sent.
    is "$(get -I "$url/info.php" --next -sS "$url/info.php" | grep -c '^REQUEST_METHOD=GET')" 1
}
own_status() { is "$(get -w '%{http_code}' "$url/lost.php")" $'no such article\n404'; }
upload_form() { is "$(get -F "file=@$root/files/large.bin" "$url/sum.php")" "$(sum_of "$root/files/large.bin")"; }
upload_chunked() {
  is "$(get -H 'Transfer-Encoding: chunked' -T "$root/files/large.bin" -X POST "$url/sum.php")" \
    "$(sum_of "$root/files/large.bin")"
}
download() { is "$(get "$url/large.php" | sum_of)" "$(sum_of "$root/files/large.bin")"; }
stream() {
  local line lines=""
  while read -r line; do
    lines+="$line "
    [ "$line" != first ] || touch "$work/go-on"
  done < <(get -N "$url/stream.php?file=$work/go-on")
  is "$lines" 'first second '
}
fatal() {
  is "$(status_of "$url/fatal.php")" 500 && logged '/fatal.php.*about to fail' &&
    logged '/fatal.php.*PHP Fatal error:  Uncaught Error: Call to undefined function nothing_is_called_so()'
}
# index_page: a folder's index.php, by the folder's own address.
index_page() {
  mkdir -p "$root/blog" && cp "$root/info.php" "$root/blog/index.php"
  shows '/blog/?p=1' SCRIPT_NAME=/blog/index.php 'QUERY_STRING=p=1' "SCRIPT_FILENAME=$root/blog/index.php"
}

start_server --threads 16 --fastcgi ".php=unix:$socket" --fastcgi-timeout 10
check "php-fpm: the variables of a page" variables
check "php-fpm: PATH_INFO" path_info
check "php-fpm: a folder's index.php" index_page
check "php-fpm: only a file that ends in .php is run, and only if it is there" not_found
check "php-fpm: a newline in the path is refused" newline_in_path
check "php-fpm: the source of a page is never sent" no_source
check "php-fpm: header fields give PHP no orders" no_orders_from_headers
check "php-fpm: a form by POST, with a cookie" form
check "php-fpm: two cookies are set" cookies
check "php-fpm: a redirect" redirect
check "php-fpm: HEAD" head_only
check "php-fpm: a status of the page's own" own_status
check "php-fpm: a form uploads 20 MB" upload_form
check "php-fpm: 20 MB are uploaded in chunks" upload_chunked
check "php-fpm: 20 MB are downloaded" download
check "php-fpm: what a page flushes arrives at once" stream
check "php-fpm: a fatal error is 500, and the log has its line" fatal

# --- Pools that do not stay as they are -----------------------------------------------------------------------

# all_good COUNT QUERY [OPTION...]: that many GETs of pid.php, all with 200; says what came instead.
all_good() {
  local count=$1 query=$2
  shift 2
  get "$@" -o /dev/null -w '%{http_code}\n' "$url/pid.php?$query&n=[1-$count]" >"$work/statuses" 2>"$work/curl-said"
  is "$(sort "$work/statuses" | uniq -c | tr -s ' \n' ' ')" " $count 200 " ||
    { echo "$(sort "$work/statuses" | uniq -c | tr -s ' \n' ' ')$(tail -n 1 "$work/log")"; return 1; }
}
killed_worker() {
  local marker=$work/worker answer
  get -o /dev/null -w '%{http_code}' -d x=1 "$url/hang.php?file=$marker" >"$work/killed" &
  answer=$!
  soon test -s "$marker" || { echo "it does not begin"; return 1; }
  kill -KILL "$(cat "$marker")"
  wait "$answer"
  is "$(cat "$work/killed")" 502 && logged '/hang.php. the backend .* closed the connection' &&
    all_good 8 us=0
}
reload() {
  local clients
  ( all_good 200 us=10000 -Z --parallel-max 4 ) &
  clients=$!
  soon test -s "$work/statuses" || { echo "they do not begin"; return 1; }
  kill -USR2 "$(fpm_pid unix)"
  wait "$clients" || return 1
  # So it was indeed in the middle.
  soon grep -q 'Reloading in progress' "$work/unix.log" && soon all_good 4 us=0
}
: >"$work/statuses"
check "php-fpm: a worker killed in the middle is 502, and the next request is fine" killed_worker
: >"$work/statuses"
check "php-fpm: a reload in the middle of 200 requests fails none" reload

stop_server
start_server --threads 24 --fastcgi ".php=127.0.0.1:$tcp_port"
# Kept connections hold php-fpm's two workers: who has none would wait for ever.
nobody_starves() {
  local slowest
  get -Z --parallel-max 12 -o /dev/null -w '%{http_code} %{time_total}\n' "$url/pid.php?us=2000&n=[1-240]" \
    >"$work/times" || return 1
  is "$(grep -c '^200 ' "$work/times")" 240 || return 1
  slowest=$(sort -k 2 -n "$work/times" | tail -n 1 | cut -d ' ' -f 2)
  # Twelve at two workers take 12 ms; an idle connection is closed after seconds.
  python3 -c "import sys; sys.exit($slowest > 2)" || { echo "one waited $slowest s"; return 1; }
}
check "php-fpm: over TCP" shows /info.php/x PATH_INFO=/x "SCRIPT_FILENAME=$root/info.php"
check "php-fpm: with two workers and twelve clients at once nobody starves" nobody_starves

stop_server
start_server --threads 16 --fastcgi ".php=unix:$socket,127.0.0.1:$tcp_port"
pids() { get "$url/pid.php?n=[1-12]" | sort -u >"$work/pids"; }
both_serve() {
  pids && grep -qxFf <(pgrep -P "$(fpm_pid unix)") "$work/pids" && grep -qxFf <(pgrep -P "$(fpm_pid tcp)") "$work/pids"
}
one_stopped() {
  stop_fpm tcp
  all_good 40 us=0 -Z --parallel-max 4 && logged "127.0.0.1:$tcp_port" || return 1
  start_fpm tcp "127.0.0.1:$tcp_port" 'pm.max_children = 2'
  soon both_serve || { echo "the one that was stopped gets nothing"; return 1; }
}
all_stopped() {
  stop_fpm tcp
  stop_fpm unix
  is "$(status_of "$url/pid.php")" 502 && logged '/pid.php. no backend can be reached' &&
    is "$(status_of "$url/files/large.bin")" 200
}
check "php-fpm: two pools share the requests" both_serve
check "php-fpm: one of two pools stopped fails none, and it serves again when it is back" one_stopped
check "php-fpm: with both stopped a page is 502, and a file is served" all_stopped

stop_server
start_fpm brief "$work/brief.sock" 'pm.max_children = 2' 'pm.max_requests = 3'
start_server --threads 16 --fastcgi ".php=unix:$work/brief.sock"
brief_workers() {
  all_good 60 us=0 && all_good 60 us=1000 -Z --parallel-max 4 || return 1
  # So workers did end.
  [ "$(pids; wc -l <"$work/pids")" -gt 2 ]
}
check "php-fpm: workers that end after three requests each fail none of 120" brief_workers
