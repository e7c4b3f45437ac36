#!/usr/bin/env bash
# The units for systemd, as systemd itself reads them.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need systemd-analyze man
top=$(realpath "$(dirname "$0")/../..")

# As CMake would, but for the path of the program: that of a package is not there.
mkdir -p "$work/units" "$work/man/man1"
sed -e "s|@CMAKE_INSTALL_FULL_BINDIR@/tinyhttpd|$binary|" -e 's|@CMAKE_INSTALL_FULL_SYSCONFDIR@|/etc|' \
  "$top/scripts/packaging/tinyhttpd.service.in" >"$work/units/tinyhttpd.service"
cp "$top/scripts/packaging/tinyhttpd.socket" "$work/units/"
# The units name the manual page, and systemd looks whether man finds it.
cp "$top/scripts/packaging/tinyhttpd.1" "$work/man/man1/"
export MANPATH=$work/man

verify() {
  local said status=0
  said=$(systemd-analyze verify "$work"/units/* 2>&1) || status=$?
  # It may find fault with other units of this machine.
  said=$(grep tinyhttpd <<<"$said")
  is "$status: $said" "0: "
}
notices_faults() {
  cp "$work/units/tinyhttpd.service" "$work/wrong.service"
  sed -i 's/^Restart=.*/Restart=perhaps/' "$work/wrong.service"
  [[ $(systemd-analyze verify "$work/wrong.service" 2>&1) == *wrong.service*perhaps* ]]
}
# Of 100, in tenths of systemd's own scale; 0 is a service that can do nothing.
confined() {
  systemd-analyze security --offline=true --threshold=20 "$work/units/tinyhttpd.service" >"$work/exposure" ||
    { tail -n 1 "$work/exposure"; return 1; }
}
# The address is written twice, in the unit and in the packaged configuration, and the port in the program, too.
same_place() {
  local socket address
  socket=$(sed -n 's/^ListenStream=//p' "$top/scripts/packaging/tinyhttpd.socket")
  address=$(sed -n 's/^bind = //p' "$top/scripts/packaging/tinyhttpd.conf.in")
  is "${socket%:*}" "$address" && grep -q -- "--port N .*(default ${socket##*:})" <<<"$("$binary" --help)"
}

check "units: systemd finds nothing wrong with them" verify
check "units: systemd would have said what is wrong" notices_faults
check "units: the service is confined, systemd's exposure is 2.0 at most" confined
check "units: the socket is where the service would listen" same_place
