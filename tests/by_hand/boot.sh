#!/bin/sh
# Boots the Debian in folder ROOT with systemd, in namespaces and a control group of its own, and ends when that
# is powered off. The folder GROUP is made below a cgroup2 file system.
#
# usage: tests/by_hand/boot.sh ROOT GROUP
set -eu
root=$1 group=$2

if [ "${inside:-}" != yes ]; then
  mkdir -p "$group"
  trap 'find "$group" -depth -type d -exec rmdir {} \;' EXIT
  trap 'exit 1' INT TERM
  # The shell that enters the group ends as the Debian's process 1.
  (
    exec sh -c 'echo $$ >"$3/cgroup.procs" && inside=yes exec unshare --pid --fork --kill-child --mount --uts --ipc \
      --net --cgroup "$1" "$2" "$3"' sh "$0" "$root" "$group"
  )
  exit
fi

mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot "$root" env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
