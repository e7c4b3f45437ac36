#!/bin/bash
# What a Debian with the package installed does once it has booted: it uses the service as an administrator does.
# tests/by_hand/package_install.sh puts it there. Its lines go to /root/checks.
exec >/root/checks 2>/root/errors
check() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then echo "ok $name"; else echo "not ok $name: $(tail -n 1 <<<"${said:-it failed}")"; fi
}
is() { [ "$1" = "$2" ] || { echo "got '$1', wanted '$2'"; return 1; }; }
get() { curl -sS --max-time 10 "$@"; }
status_of() { get -o /dev/null -w '%{http_code}' "$@"; }
state() { systemctl is-active "$1"; }
configuration=/etc/tinyhttpd/tinyhttpd.conf

starts() {
  if is "$(state tinyhttpd.service)" active && is "$(status_of localhost:4000/)" 200; then return 0; fi
  journalctl -u tinyhttpd.service -o cat | tail -n 3
  return 1
}
runs_scripts() { get localhost:4000/cgi-bin/check.cgi | grep 'CGI works'; }
make_site() {
  mkdir -p /srv/site/cgi-bin
  printf 'the site\n' >/srv/site/index.html
  # It tries to write where it must not, and where it may, and says who it is.
  cat >/srv/site/cgi-bin/who.cgi <<'SCRIPT'
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
id -u
touch /srv/site/left /etc/left
touch /tmp/left && cat /proc/self/status
SCRIPT
  chmod 755 /srv/site/cgi-bin/who.cgi
}
# soon COMMAND [ARGUMENT...]: within five seconds; when systemctl returns, the signal has only been sent.
soon() {
  local tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -le 50 ] || return 1
    sleep 0.1
  done
}
serves() { is "$(get localhost:4000/)" "$1"; }
log_tells() { journalctl -u tinyhttpd.service -o cat | grep -- "$1"; }
reloads() {
  local before
  before=$(systemctl show -P MainPID tinyhttpd.service)
  sed -i 's|^root = .*|root = /srv/site|' $configuration
  systemctl reload tinyhttpd.service && soon serves 'the site' && is "$(state tinyhttpd.service)" active &&
    is "$(systemctl show -P MainPID tinyhttpd.service)" "$before"
}
restarts() {
  systemctl restart tinyhttpd.service && serves 'the site'
}
# systemd's users for the while of a service have numbers from 61184 to 65519.
is_dynamic_user() { [ "$1" -ge 61184 ] && [ "$1" -le 65519 ]; }
confined() {
  get localhost:4000/cgi-bin/who.cgi >/root/who
  is_dynamic_user "$(head -n 1 /root/who)" && grep -P '^CapEff:\t0+$' /root/who &&
    grep -P '^NoNewPrivs:\t1$' /root/who && grep -P '^Seccomp:\t2$' /root/who &&
    is "$(find /srv /etc /tmp -maxdepth 2 -name left)" ""
}
keeps_what_works() {
  cp $configuration /root/kept
  echo 'no-such-option = 1' >>$configuration
  systemctl reload tinyhttpd.service && soon log_tells 'stays as it is.*no-such-option' &&
    is "$(state tinyhttpd.service)" active && serves 'the site'
}
refuses_what_is_wrong() {
  if systemctl restart tinyhttpd.service; then return 1; fi
  is "$(state tinyhttpd.service)" failed || return 1
  cp /root/kept $configuration
  systemctl start tinyhttpd.service && is "$(state tinyhttpd.service)" active
}
stops() {
  local start=$SECONDS
  systemctl stop tinyhttpd.service && is "$(systemctl show -P Result tinyhttpd.service)" success &&
    [ $((SECONDS - start)) -le 3 ]
}
by_socket() {
  mkdir -p /etc/systemd/system/tinyhttpd.socket.d
  printf '[Socket]\nListenStream=\nListenStream=80\n' >/etc/systemd/system/tinyhttpd.socket.d/port.conf
  systemctl daemon-reload && systemctl start tinyhttpd.socket && is "$(state tinyhttpd.service)" inactive &&
    is "$(get localhost:80/)" 'the site' && is "$(state tinyhttpd.service)" active &&
    is_dynamic_user "$(get localhost:80/cgi-bin/who.cgi | head -n 1)" || return 1
  rm -r /etc/systemd/system/tinyhttpd.socket.d
  systemctl daemon-reload
}
# Logs, and the pages that man has formatted, are not the package's.
left_over() {
  find / -xdev \( -path /proc -o -path /var/log -o -path /var/cache \) -prune -o -name '*tinyhttpd*' -print
}
purged() {
  dpkg --purge tinyhttpd && is "$(pgrep -x tinyhttpd)" "" &&
    is "$(systemctl list-unit-files --no-legend '*tinyhttpd*')" "" && is "$(left_over)" ""
}

make_site
check "service: systemd starts it at boot, and it answers" starts
check "service: its log is in the journal" log_tells 'listening on http://'
check "service: it runs the demonstration's scripts" runs_scripts
check "service: it serves another folder after a reload, in the same process" reloads
check "service: it restarts" restarts
check "service: scripts have a user of their own, no capability, and may write to their /tmp alone" confined
check "service: what was in force stays when the new configuration is wrong" keeps_what_works
check "service: it does not start with a wrong configuration, and does not try again" refuses_what_is_wrong
check "service: it stops at once, and well" stops
check "service: the socket's port 80 is served without root" by_socket
check "service: it is purged while it runs" purged
systemctl poweroff
