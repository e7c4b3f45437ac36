#!/usr/bin/env bash
# A whole PHP application behind the server by FastCGI, used in a browser: Debian's DokuWiki, its program files as the
# package has them, its configuration and its pages in a folder of the test's own.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need chromium chromedriver curl php /usr/bin/python3
if ! /usr/bin/python3 -c 'import selenium' 2>/dev/null; then
  echo "skip ${0##*/}: there is no python3-selenium"
  exit 0
fi
if [ ! -e /usr/share/dokuwiki/doku.php ]; then
  echo "skip ${0##*/}: there is no dokuwiki"
  exit 0
fi
# shellcheck source=tests/real_clients/php_fpm.bash
. "$(dirname "$0")/php_fpm.bash"

# --- A wiki of its own ----------------------------------------------------------------------------------------

root=/usr/share/dokuwiki
wiki=$work/wiki
mkdir -p "$wiki/sessions" "$wiki"/data/{attic,cache,index,locks,log,media,media_attic,media_meta,meta,pages,tmp}
cp -r /etc/dokuwiki "$wiki/conf"
# The installed wiki's users and rights: links to where only www-data may read.
rm -f "$wiki"/conf/{users,acl}.auth.php
password=$(php -r 'echo password_hash("secret words", PASSWORD_BCRYPT);')
printf '%s\n' "ada:$password:Ada Lovelace:ada@example.org:user" >"$wiki/conf/users.auth.php"
printf '*\t@ALL\t1\n*\t@user\t8\n' >"$wiki/conf/acl.auth.php"
cat >"$wiki/conf/local.php" <<END
<?php
\$conf['title'] = 'Wiki of the test';
\$conf['useacl'] = 1;
\$conf['disableactions'] = 'register';
\$conf['updatecheck'] = 0;
\$conf['savedir'] = '$wiki/data';
END
# Before each page; the package's own inc/preload.php leaves alone what is defined already.
cat >"$wiki/preload.php" <<END
<?php
define('DOKU_MAIN_CONF', '$wiki/conf/');
define('DOKU_CONF', '$wiki/conf/');
END

start_fpm pool "$work/pool.sock" 'pm.max_children = 4' "php_admin_value[session.save_path] = $wiki/sessions" \
  "php_admin_value[auto_prepend_file] = $wiki/preload.php"
# The package links its templates and plugins to /var/lib.
start_server --threads 16 --symlinks follow --fastcgi ".php=unix:$work/pool.sock"

# --- In the browser -------------------------------------------------------------------------------------------

mkdir "$work/browser"
# The browser writes there only.
HOME=$work/browser /usr/bin/python3 "$(dirname "$0")/dokuwiki.py" "$url" "$work/browser" "$wiki"

# --- What a browser does not ask for --------------------------------------------------------------------------

picture="$url/lib/exe/fetch.php?media=engine.png"
get() { curl -sS --max-time 10 "$@"; }
part_of_picture() {
  is "$(get -r 1-3 -w ' %{http_code} %header{content-range}' "$picture")" \
    "PNG 206 bytes 1-3/$(stat -c %s "$wiki/data/media/engine.png")"
}
not_modified() {
  local tag
  tag=$(get -o /dev/null -w '%header{etag}' "$picture")
  is "$(get -H "If-None-Match: $tag" -w '%{http_code} %{size_download}' "$picture")" '304 0'
}
nothing_private() {
  local path
  # The package relies on Apache, which keeps files of these names to itself.
  for path in /.htaccess /inc/.htaccess /vendor/.htaccess; do
    is "$path $(get -o /dev/null -w '%{http_code}' "$url$path")" "$path 404" || return 1
  done
  ! get "$url/inc/auth.php" "$url/bin/wantedpages.php" | grep -F '<?php'
}
# A request that a page makes by itself may meet the session when logging out has taken the name out of it already:
# DokuWiki does not expect that, whatever the server.
no_complaint() {
  local said own='scripts run as root|Undefined array key "(user|pass|buid)" in .*/inc/auth\.php'
  said=$(grep -E '\[(warning|error)\]|PHP |WARNING|ERROR' "$work/log" "$work/pool.log" | grep -Ev "$own")
  is "$said" ''
}
check "dokuwiki: a part of the picture" part_of_picture
check "dokuwiki: the picture is not sent twice" not_modified
check "dokuwiki: neither hidden files nor sources are sent" nothing_private
check "dokuwiki: neither the server nor PHP complains" no_complaint
