#!/usr/bin/env bash
# 200 MB to a PHP page and 200 MB from one, through php-fpm, at a tenth of a gigabyte a second: the server's memory
# (PSS) before, the most of it during, and after. Fails when it grows by more than 8 MiB.
#
# usage: tests/by_hand/large_php.sh path/of/tinyhttpd
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/../real_clients/lib.bash"
need curl python3
# shellcheck source=tests/real_clients/php_fpm.bash
. "$(dirname "$0")/../real_clients/php_fpm.bash"

size=200000000
allowed_kib=$((8 * 1024))
rate=100M

cat >"$root/hello.php" <<'END'
<?php echo "hello\n";
END
# A file of a form, or the body itself.
cat >"$root/size.php" <<'END'
<?php echo isset($_FILES['file']) ? filesize($_FILES['file']['tmp_name']) : strlen(file_get_contents('php://input'));
END
cat >"$root/pour.php" <<'END'
<?php
header('Content-Type: application/octet-stream');
while (ob_get_level()) ob_end_flush();
for ($left = (int) $_GET['size']; $left > 0; $left -= 1000000) echo str_repeat('x', min($left, 1000000));
END
truncate -s "$size" "$work/large"

# In KiB.
pss() { awk '/^Pss:/ { print $2 }' "/proc/$server/smaps_rollup"; }

# sample: the most memory until $work/done is there, into $work/most.
sample() {
  local most=0 now
  until [ -e "$work/done" ]; do
    now=$(pss)
    [ "$now" -le "$most" ] || most=$now
    echo "$most" >"$work/most"
    sleep 0.02
  done
}

send_form() { curl -sS --limit-rate "$rate" -F "file=@$work/large" "$url/size.php"; }
send_body() { curl -sS --limit-rate "$rate" -T "$work/large" "$url/size.php"; }
receive() { curl -sS --limit-rate "$rate" -o /dev/null -w '%{size_download}' "$url/pour.php?size=$size"; }

# transfer COMMAND: it must print the size; the memory is measured around it.
transfer() {
  local before after most got sampler
  curl -sS "$url/hello.php" >/dev/null
  before=$(pss)
  rm -f "$work/done" "$work/most"
  sample &
  sampler=$!
  got=$("$1")
  touch "$work/done"
  wait "$sampler"
  most=$(cat "$work/most")
  after=$(pss)
  echo "   $1: $before KiB before, $most during, $after after" >&3
  is "$got" "$size" || return 1
  [ $((most - before)) -le "$allowed_kib" ] || { echo "it grew by $((most - before)) KiB meanwhile"; return 1; }
  [ $((after - before)) -le "$allowed_kib" ] || { echo "it kept $((after - before)) KiB"; return 1; }
}

# start_fpm has a limit to uploads that no later line of the configuration raises.
start_large_fpm() {
  local flags=()
  [ "$(id -u)" -ne 0 ] || flags=(--allow-to-run-as-root)
  {
    printf '[global]\nerror_log = %s\ndaemonize = no\n' "$work/large.log"
    printf '[large]\nlisten = %s\nuser = %s\npm = static\npm.max_children = 2\n' "$work/large.sock" "$(id -un)"
    printf 'php_admin_value[%s] = 512M\n' upload_max_filesize post_max_size memory_limit
    printf 'php_admin_value[sys_temp_dir] = %s\n' "$work"
  } >"$work/large.conf"
  "$fpm_binary" "${flags[@]}" --nodaemonize --fpm-config "$work/large.conf" >"$work/large.out" 2>&1 &
  # Where php_fpm.bash looks for what it must end.
  echo "$!" >"$work/large.pid"
  soon grep -qs 'ready to handle connections' "$work/large.log" && return
  echo "not ok ${0##*/}: php-fpm does not start: $(tail -n 1 "$work/large.out")"
  exit 1
}

exec 3>&1
start_large_fpm
start_server --fastcgi ".php=unix:$work/large.sock" --max-body 256M
failed=0
for what in send_form send_body receive; do
  said=$(check "$what" transfer "$what")
  echo "$said"
  [[ $said != "not ok"* ]] || failed=1
done
[ "$failed" = 0 ]
