#!/usr/bin/env bash
# A site that outgrew one machine: its php-fpm runs on two other hosts, each at the end of a cable of its own. A cable
# is pulled, a host hangs, and both come back. The hosts are network namespaces, in one that this test has for itself.
# Needs root.
#
# usage: tests/by_hand/backends_on_other_hosts.sh path/of/tinyhttpd
if [ "$(id -u)" -ne 0 ]; then
  echo "skip ${0##*/}: only root makes network namespaces"
  exit 0
fi
[ -n "${IN_OWN_NETWORK:-}" ] || IN_OWN_NETWORK=yes exec unshare --net --mount --propagation private "$0" "$@"
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/../real_clients/lib.bash"
need curl ip mount
# shellcheck source=tests/real_clients/php_fpm.bash
. "$(dirname "$0")/../real_clients/php_fpm.bash"

mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip link set lo up || exit 1

# host NAME NUMBER: it has the address 10.211.NUMBER.2 at the end of a cable from 10.211.NUMBER.1, runs php-fpm, and
# its pages say its name.
host() {
  local binary=$fpm_binary
  ip netns add "$1" && ip link add "$1" type veth peer name eth0 netns "$1" || exit 1
  ip addr add "10.211.$2.1/24" dev "$1" && ip link set "$1" up
  ip -n "$1" addr add "10.211.$2.2/24" dev eth0 && ip -n "$1" link set eth0 up
  printf '#!/bin/sh\nexec ip netns exec %s %s "$@"\n' "$1" "$binary" >"$work/$1.sh"
  chmod 755 "$work/$1.sh"
  fpm_binary=$work/$1.sh
  start_fpm "$1" "10.211.$2.2:9000" 'pm.max_children = 4' "env[HOST_NAME] = $1"
  fpm_binary=$binary
}
cat >"$root/host.php" <<'END'
<?php
header('Content-Type: text/plain');
echo getenv('HOST_NAME'), "\n";
END

get() { curl -sS --max-time 30 "$@"; }
# ask COUNT [PARALLEL]: so many GETs; their status, host and time are the lines of $work/answers.
ask() {
  get -Z --parallel-max "${2:-1}" -w '%{http_code} %{time_total}\n' "$url/host.php?[1-$1]" >"$work/answers" 2>/dev/null
}
all_good() { is "$(grep -c '^200 ' "$work/answers") of $1" "$1 of $1"; }
slowest() { grep '^[2-5]0' "$work/answers" | cut -d ' ' -f 2 | sort -n | tail -n 1; }
served_by() { grep -x 'one\|two' "$work/answers" | sort -u | tr '\n' ' '; }

both() { ask 40 4 && all_good 40 && is "$(served_by)" 'one two '; }
# fails_over HOST: what was sent into the silence is 504, as nobody knows what became of it, and there are at most as many
# of these as there were connections; nothing later fails, and HOST serves it.
fails_over() {
  local lost
  ask 40 4
  lost=$(grep -c '^504 ' "$work/answers")
  echo "  40 requests: $lost are 504, the slowest took $(slowest) s" >&3
  [ "$lost" -le 4 ] && is "$(grep -c '^200 ' "$work/answers")" $((40 - lost)) && is "$(served_by)" "$1 " || return 1
  ask 40 4
  echo "  40 more: the slowest took $(slowest) s" >&3
  all_good 40 && is "$(served_by)" "$1 "
}
is_back() {
  local second=$SECONDS
  until ask 8 2 && [ "$(served_by)" = 'one two ' ]; do
    [ $((SECONDS - second)) -lt 20 ] || return 1
    sleep 0.1
  done
  echo "  after $((SECONDS - second)) s" >&3
  all_good 8
}
exec 3>&1

host one 1
host two 2
start_server --threads 32 --fastcgi .php=10.211.1.2:9000,10.211.2.2:9000 --fastcgi-timeout 2
check "other hosts: both serve" both

ip -n one link set eth0 down
check "other hosts: with one cable pulled the other host serves all" fails_over two
ip -n one link set eth0 up
check "other hosts: with the cable back both serve" is_back

# The cable is there and takes every packet, and nobody answers.
ip neigh replace 10.211.2.2 lladdr "$(ip -n two -o link show eth0 | sed 's/.*ether \([^ ]*\).*/\1/')" dev two nud permanent
ip -n two addr del 10.211.2.2/24 dev eth0
check "other hosts: with one host silent the other one serves all" fails_over one
ip -n two addr add 10.211.2.2/24 dev eth0
check "other hosts: with its address back both serve" is_back

stop_fpm one
check "other hosts: with one php-fpm ended the other host serves all" fails_over two
cat "$work/log"
