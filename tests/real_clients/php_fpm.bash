#!/usr/bin/env bash
# What the tests with php-fpm share: masters of their own, each with one pool. To be sourced after lib.bash.
# shellcheck disable=SC2154 # lib.bash sets $work.

# The newest one that is installed: php-fpm, or with its version in the name, as Debian has it.
fpm_binary=$(compgen -c php-fpm | sort -uV | tail -n 1)
if [ -z "$fpm_binary" ]; then
  echo "skip ${0##*/}: there is no php-fpm"
  exit 0
fi

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_fpm NAME LISTEN [LINE...]: a master whose pool listens there, with more lines of its configuration; its log is
# $work/NAME.log.
start_fpm() {
  local name=$1 listen=$2 tries=0 flags=()
  shift 2
  # Workers that are root's may read $work, and nothing here comes from anybody else.
  [ "$(id -u)" -ne 0 ] || flags=(--allow-to-run-as-root)
  {
    printf '[global]\nerror_log = %s\ndaemonize = no\nprocess_control_timeout = 5s\n' "$work/$name.log"
    printf '[%s]\nlisten = %s\nuser = %s\npm = static\n' "$name" "$listen" "$(id -un)"
    printf 'php_admin_value[upload_max_filesize] = 64M\nphp_admin_value[post_max_size] = 64M\n'
    printf 'php_admin_flag[log_errors] = on\nphp_admin_flag[display_errors] = off\n'
    printf 'php_admin_value[sys_temp_dir] = %s\n' "$work"
    printf '%s\n' "$@"
  } >"$work/$name.conf"
  : >"$work/$name.log"
  "$fpm_binary" "${flags[@]}" --nodaemonize --fpm-config "$work/$name.conf" >"$work/$name.out" 2>&1 &
  # In a file, because the tests run in shells of their own.
  echo "$!" >"$work/$name.pid"
  until grep -q 'ready to handle connections' "$work/$name.log"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ] || ! kill -0 "$(fpm_pid "$name")" 2>/dev/null; then
      echo "not ok ${0##*/}: php-fpm does not start: $(tail -qn 1 "$work/$name.out" "$work/$name.log" | tail -n 1)"
      exit 1
    fi
    sleep 0.05
  done
}

fpm_pid() { cat "$work/$1.pid"; }

# stop_fpm NAME: with its workers; returns once it has ended.
stop_fpm() {
  local pid
  pid=$(fpm_pid "$1")
  kill -TERM "$pid" 2>/dev/null
  while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
  rm "$work/$1.pid"
}

# Called by lib.bash's trap.
finish() {
  local file
  stop_server
  for file in "$work"/*.pid; do
    [ ! -e "$file" ] || stop_fpm "$(basename "$file" .pid)"
  done
  rm -rf "$work"
}
