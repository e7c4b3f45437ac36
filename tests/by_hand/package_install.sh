#!/usr/bin/env bash
# Installs the Debian package in a fresh Debian of its own, purges it again, then boots that Debian with systemd and
# uses the service.
#
# It runs in namespaces of its own; of this machine it uses the package mirror and the control group
# `tinyhttpd-test`, no more. The fresh Debian is kept in build/package/debian for the next run, which then asks the
# mirror for a few packages only.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/../real_clients/lib.bash"
need debootstrap dpkg-deb unshare findmnt
cd "$(dirname "$0")/../.." || exit 1
if [ "$(id -u)" -ne 0 ]; then
  echo "skip package_install.sh: needs root"
  exit 0
fi
deb=$(scripts/package) || { echo "not ok package_install.sh: there is no package"; exit 1; }
fresh=build/package/debian
root=$work/debian

# in_root COMMAND [ARGUMENT...]: in the Debian, as if logged in.
in_root() {
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# shellcheck disable=SC2317 # Called by the trap.
unmount() { ! mountpoint -q "$root/proc" || umount "$root/proc"; }
trap 'unmount; finish' EXIT

# --- The fresh Debian -----------------------------------------------------------------------------------------

make_fresh() {
  root=$fresh.part
  rm -rf "$root"
  debootstrap --variant=minbase bookworm "$root" || return 1
  # The mirror's dates may be those of a snapshot.
  echo 'Acquire::Check-Valid-Until "false"; Acquire::Check-Date "false";' >"$root/etc/apt/apt.conf.d/99mirror"
  in_root apt-get update &&
    in_root apt-get install -y --no-install-recommends systemd dbus man-db curl procps && mv "$root" "$fresh"
}
if [ ! -d "$fresh" ]; then
  make_fresh >build/package/debian.log 2>&1 ||
    { echo "skip package_install.sh: $(tail -n 1 build/package/debian.log)"; exit 0; }
  root=$work/debian
fi
cp -a "$fresh" "$root"
cp "$deb" "$root/root/package.deb"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
in_root apt-get update >"$work/update" 2>&1 ||
  { echo "skip package_install.sh: $(tail -n 1 "$work/update")"; exit 0; }

# --- Without a running systemd, as in a container -------------------------------------------------------------

# What there is, but for the package manager's own notes, which keep a history.
snapshot() {
  find "$root" -xdev \( -path "$root/proc" -o -path "$root/tmp" -o -path "$root/var/cache/man" -o \
    -path "$root/var/cache/apt" -o -path "$root/var/log" -o -path "$root/var/lib/apt" \) -prune -o \
    ! -path "$root/var/lib/dpkg/*-old" -printf '%P %y %m %U:%G\n' | sort
}
install_package() { in_root apt-get install -y /root/package.deb; }
version() { is "$(in_root tinyhttpd --version)" "tinyhttpd $(dpkg-deb -f "$deb" Version)"; }
manual() {
  is "$(in_root man -w tinyhttpd)" /usr/share/man/man1/tinyhttpd.1.gz &&
    grep -q 'serves the files of a folder' <<<"$(in_root man tinyhttpd)"
}
enabled() {
  is "$(in_root systemctl is-enabled tinyhttpd.service)" enabled &&
    is "$(in_root systemctl is-enabled tinyhttpd.socket)" disabled
}
purge() { in_root apt-get purge -y --auto-remove tinyhttpd; }
nothing_left() {
  snapshot >"$work/after"
  is "$(diff "$work/before" "$work/after")" ""
}

snapshot >"$work/before"
check "package: apt installs it with what it depends on" install_package
check "package: its program runs" version
check "package: man shows its manual" manual
check "package: its service is enabled, its socket is not" enabled
check "package: apt purges it" purge
check "package: nothing is left" nothing_left

# --- With systemd as process 1 --------------------------------------------------------------------------------

# Each check in it is a line of /root/checks, in there.
install -m 755 tests/by_hand/service.sh "$root/root/service.sh"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
cat >"$root/etc/systemd/system/checks.service" <<'END'
[Unit]
After=network-online.target tinyhttpd.service
[Service]
Type=oneshot
ExecStart=/root/service.sh
END
ln -s ../checks.service "$root/etc/systemd/system/multi-user.target.wants/"

check "package: apt installs it once more" install_package
umount "$root/proc"
control_groups=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
timeout -k 5 120 tests/by_hand/boot.sh "$root" "$control_groups/tinyhttpd-test" >"$work/boot" 2>&1
if grep -q '^ok ' "$root/root/checks" 2>/dev/null; then
  cat "$root/root/checks"
else
  echo "skip package_install.sh: systemd does not come up in namespaces here: $(tail -n 1 "$work/boot")"
fi
