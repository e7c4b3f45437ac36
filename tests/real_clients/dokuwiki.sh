#!/usr/bin/env bash
# A whole PHP application, Debian's DokuWiki, behind the server by FastCGI, used in a browser.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need chromium chromedriver python3 php dpkg apt-get
if ! /usr/bin/python3 -c 'import selenium' 2>/dev/null; then
  echo "skip ${0##*/}: there is no python3-selenium"
  exit 0
fi
# shellcheck source=tests/real_clients/php_fpm.bash
. "$(dirname "$0")/php_fpm.bash"

# Where the packages' files are: "" when they are installed, else a folder they are unpacked in.
system=
wanted=(dokuwiki libjs-jquery libjs-jquery-ui libjs-jquery-cookie php-geshi php-phpseclib php-random-compat)
if [ ! -d /usr/share/dokuwiki ]; then
  system=$work/system
  mkdir -p "$work/packages"
  # The download's own user, _apt, may not write here if the folder is another's.
  [ "$(id -u)" -ne 0 ] || chown _apt "$work/packages" 2>/dev/null
  if ! (cd "$work/packages" && timeout 60 apt-get -qq download "${wanted[@]}") >"$work/apt" 2>&1; then
    echo "skip ${0##*/}: DokuWiki cannot be downloaded: $(tail -n 1 "$work/apt")"
    exit 0
  fi
  for package in "$work"/packages/*.deb; do dpkg -x "$package" "$system"; done
fi

# Debian spreads the wiki over the system, by absolute links; here all of it is in the root.
rm -rf "$root"
cp -r "$system/usr/share/dokuwiki" "$root"
rm -rf "$root/lib/plugins" "$root/lib/tpl" "$root/inc/preload.php" "$root/.htaccess"
cp -r "$system/var/lib/dokuwiki/lib/plugins" "$system/var/lib/dokuwiki/lib/tpl" "$root/lib/"
cp -r "$system/var/lib/dokuwiki/data" "$root/data"
cp -r "$system/etc/dokuwiki" "$root/conf"
rm -f "$root/conf/users.auth.php" "$root/conf/acl.auth.php" "$root/conf/local.php"
# Its links to other packages' files.
while read -r link; do
  target=$(readlink "$link")
  case $target in
    /*) target=$system$target ;;
    *) target=$system/usr/share/dokuwiki/${link#"$root"/} && target=${target%/*}/$(readlink "$link") ;;
  esac
  rm "$link"
  [ ! -e "$target" ] || cp -rL "$target" "$link"
done < <(find "$root" -type l)

hash=$(php -r 'echo password_hash("secret words", PASSWORD_BCRYPT);')
printf '%s\n' "ada:$hash:Ada Lovelace:ada@example.org:admin,user" >"$root/conf/users.auth.php"
printf '*\t@ALL\t1\n*\t@user\t8\n' >"$root/conf/acl.auth.php"
cat >"$root/conf/local.php" <<'PHP'
<?php
$conf['title'] = 'Wiki of the test';
$conf['lang'] = 'en';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
$conf['passcrypt'] = 'bcrypt';
$conf['updatecheck'] = 0;
PHP

start_fpm wiki "$work/wiki.sock" 'pm.max_children = 4'
start_server --threads 16 --fastcgi ".php=unix:$work/wiki.sock"
mkdir "$work/browser"
# The browser writes there only.
WIKI_ROOT=$root HOME=$work/browser /usr/bin/python3 "$(dirname "$0")/dokuwiki.py" "$url" "$work/browser"
