#!/usr/bin/env bash
# The Debian package, its manual page and its completion. package_install.sh installs it as well.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need dpkg-deb dpkg-shlibdeps lintian mandoc man python3 curl
here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
packaging=$top/scripts/packaging
page=$packaging/tinyhttpd.1

# --- The package ----------------------------------------------------------------------------------------------

unpacked=$work/unpacked
deb=$("$top/scripts/package" 2>"$work/package.log")
built() { [ -f "$deb" ] || { tail -n 1 "$work/package.log"; return 1; }; }
field() { dpkg-deb -f "$deb" "$1"; }
newest() { sed -n '1s/^tinyhttpd (\([^)]*\)).*/\1/p' "$packaging/changelog"; }

version() {
  is "tinyhttpd $(field Version)" "$("$binary" --version)" && is "$(newest)" "$(field Version)" &&
    is "$(basename "$deb")" "tinyhttpd_$(field Version)_$(dpkg --print-architecture).deb"
}
policy() {
  local said
  said=$(lintian --allow-root --fail-on error,warning "$deb" 2>&1) || { echo "$said" | tail -n 1; return 1; }
}
contents() {
  local file
  for file in etc/tinyhttpd/tinyhttpd.conf usr/bin/tinyhttpd usr/lib/systemd/system/tinyhttpd.{service,socket} \
    usr/share/bash-completion/completions/tinyhttpd usr/share/man/man1/tinyhttpd.1.gz \
    usr/share/doc/tinyhttpd/{copyright,changelog.gz,README.md}; do
    [ -f "$unpacked/$file" ] || { echo "no $file"; return 1; }
  done
}
# What everybody may read, and nobody but root may write.
owners_and_modes() {
  is "$(dpkg-deb -c "$deb" | grep -Ev '^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) root/root ')" ""
}
demonstration() {
  diff -r --exclude=cgi-src "$top/htdocs" "$unpacked/usr/share/tinyhttpd/htdocs" | grep "^Only in $top" >"$work/lost"
  is "$(cat "$work/lost")" ""
}
configuration_files() {
  dpkg-deb -e "$deb" "$work/control"
  is "$(cat "$work/control/conffiles")" "$(cd "$unpacked" && find etc -type f -printf '/%p\n' | sort)"
}
# Beside the packaged page and scripts, so that the test needs no root.
configuration() {
  # shellcheck disable=SC2016 # a hash, not variables
  printf 'anna:%s\n' '$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0' >"$work/passwords"
  sed -e "s|/usr/share|$unpacked&|" -e 's|/usr/bin/php-cgi|/bin/sh|' -e 's|/srv/api/handler.py|/bin/sh|' \
    -e "s|/etc/tinyhttpd/passwords|$work/passwords|" "$unpacked/etc/tinyhttpd/tinyhttpd.conf" >"$work/plain.conf"
  # What is commented out must be right as well.
  sed 's/^#\([a-z-]* = \)/\1/' "$work/plain.conf" >"$work/full.conf"
  is "$(($(grep -c '^[a-z]' "$work/full.conf") > 15))" 1 &&
    "$unpacked/usr/bin/tinyhttpd" --config "$work/plain.conf" --check-config &&
    "$unpacked/usr/bin/tinyhttpd" --config "$work/full.conf" --check-config
}
serves() { # check runs it in a shell of its own: binary and root are the others' afterwards
  local status
  binary=$unpacked/usr/bin/tinyhttpd root=$unpacked/usr/share/tinyhttpd/htdocs
  start_server --threads 8
  is "$(curl -sS -o /dev/null -w '%{http_code}' "$url/")" 200 &&
    grep -q 'CGI works' <<<"$(curl -sS "$url/cgi-bin/check.cgi")"
  status=$?
  stop_server
  return "$status"
}

check "package: scripts/package builds it" built
if [ -f "$deb" ]; then
  dpkg-deb -x "$deb" "$unpacked"
  check "package: one version in its name, its changelog and the program" version
  check "package: lintian finds neither errors nor warnings" policy
  check "package: what belongs in it is there" contents
  check "package: everybody may read it, root alone may write it" owners_and_modes
  check "package: all of htdocs is in it" demonstration
  check "package: what is in /etc is known as configuration" configuration_files
  check "package: its configuration is valid, what is commented out too" configuration
  check "package: its program serves its pages" serves
fi

# --- The manual page ------------------------------------------------------------------------------------------

lint() { is "$(mandoc -Tlint -W warning "$page" 2>&1)$(man --warnings -l "$page" 2>&1 >/dev/null)" ""; }
options() { "$binary" --help | python3 "$here/manual.py" "$page"; }
notices_options() {
  ! "$binary" --help | sed 's/--threads/--threadz/' | python3 "$here/manual.py" "$page" >"$work/differences"
  is "$(grep -c thread "$work/differences")" 2
}

check "manual: mandoc and man find nothing wrong with it" lint
check "manual: it has the options of --help, and their defaults" options
check "manual: an option too many or too few would be noticed" notices_options

# --- Completion -----------------------------------------------------------------------------------------------

# completes WORD... -- OFFER...: whether just these are offered for the last word.
completes() {
  local words=(tinyhttpd)
  while [ "$1" != -- ]; do words+=("$1"); shift; done
  shift
  is "$(offers "${words[@]}" | sort | paste -sd ' ')" "$*"
}
# As readline asks, in a shell without the completions of this machine.
offers() {
  bash --norc -c '
    . "$1" && shift
    program=$1 && shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _tinyhttpd "$program" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf "%s\n" "${COMPREPLY[@]}"' bash "$packaging/tinyhttpd.bash" "$binary" "$@"
}
completes_names() {
  completes --keep -- --keepalive-timeout && completes --cgi-m -- --cgi-max --cgi-max-time && completes 80 -- ""
}
every_name() {
  is "$(offers tinyhttpd -- | grep -c ^--)" "$("$binary" --help | grep -cE '^  (-., |    )--')"
}
completes_words() {
  completes --symlinks '' -- follow inside off && completes --cgi-executable o -- off on &&
    completes --symlinks = -- follow inside off && completes --symlinks = f -- follow &&
    completes --log-level w -- warning && completes --log-format '' -- combined json &&
    completes --cgi-limit file -- file-size= files=
}
completes_paths() {
  mkdir "$work/paths" "$work/paths/folder" && : >"$work/paths/file" || return 1
  completes --root "$work/paths/" -- "$work/paths/folder" &&
    completes --config "$work/paths/f" -- "$work/paths/file $work/paths/folder" &&
    completes --user roo -- root
}

check "completion: option names" completes_names
check "completion: every option of --help" every_name
check "completion: words that an option knows" completes_words
check "completion: folders, files and users" completes_paths
