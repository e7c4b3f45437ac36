#!/usr/bin/env bash
# Passwords as htpasswd and mkpasswd store them, asked for by curl and by ab.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need curl htpasswd mkpasswd ab python3

passwords=$work/passwords
# A blank, a colon, a quote, and letters that are not ASCII.
secret='an Öl:secret "1"'
htpasswd -bcB -C 5 "$passwords" bcrypt "$secret" 2>"$work/said"
htpasswd -bm "$passwords" apr1 "$secret" 2>>"$work/said"
# Debian's htpasswd knows these two since version 2.4.58.
htpasswd -b2 "$passwords" sha256 "$secret" 2>>"$work/said" ||
  echo "sha256:$(mkpasswd -m sha256crypt "$secret")" >>"$passwords"
htpasswd -b5 "$passwords" sha512 "$secret" 2>>"$work/said" ||
  echo "sha512:$(mkpasswd -m sha512crypt "$secret")" >>"$passwords"
echo "yescrypt:$(mkpasswd -m yescrypt "$secret")" >>"$passwords"
echo "bcrypt-a:$(mkpasswd -m bcrypt-a -R 5 "$secret")" >>"$passwords"

mkdir -p "$root/private/deep" "$root/members"
echo private >"$root/private/page.txt"
echo deep >"$root/private/deep/page.txt"
echo members >"$root/members/page.txt"
echo public >"$root/public.txt"
script who.cgi <<'END'
#!/bin/sh
printf 'Content-Type: text/plain\n\n%s %s %s\n' "${AUTH_TYPE-none}" "${REMOTE_USER-none}" "${HTTP_AUTHORIZATION-none}"
END

get() { curl -sS --max-time 20 "$@"; }
status_of() { get -o /dev/null -w '%{http_code}' "$@"; }

enters() {
  is "$(get -u "$1:$secret" "$url/private/page.txt")" private &&
    is "$(status_of -u "$1:${secret}x" "$url/private/page.txt")" 401 &&
    is "$(status_of -u "$1:" "$url/private/page.txt")" 401 &&
    is "$(get -u "$1:$secret" "$url/private/page.txt")" private
}
asks() {
  get -D - -o /dev/null "$url/private/page.txt" | tr -d '\r' >"$work/head" &&
    is "$(head -n 1 "$work/head")" 'HTTP/1.1 401 Unauthorized' &&
    is "$(grep -i '^www-authenticate' "$work/head")" 'WWW-Authenticate: Basic realm="Staff only", charset="UTF-8"' &&
    is "$(status_of "$url/public.txt")" 200
}
strangers() {
  is "$(status_of -u "nobody:$secret" "$url/private/page.txt")" 401 &&
    is "$(status_of -u "BCRYPT:$secret" "$url/private/page.txt")" 401 &&
    is "$(status_of -H 'Authorization: Basic %%%' "$url/private/page.txt")" 401 &&
    is "$(status_of -H 'Authorization: Bearer YWRhOnNlY3JldA==' "$url/private/page.txt")" 401
}
ways_around() {
  local path method
  for path in /private /private/ /private/deep/page.txt //private/page.txt /./private/page.txt \
    /private/../private/page.txt /public.txt/../private/page.txt /%70rivate/page.txt /private/%2e/page.txt \
    /private/nothing /private%2fpage.txt /cgi-bin/../private/page.txt; do
    case "$(status_of --path-as-is "$url$path")" in
      401 | 404 | 400) ;;
      *) echo "$path is $(status_of --path-as-is "$url$path")"; return 1 ;;
    esac
    ! get --path-as-is "$url$path" | grep -x 'private\|deep' || return 1
  done
  is "$(status_of --head "$url/private/page.txt")" 401 || return 1
  for method in OPTIONS POST PUT DELETE; do
    is "$(status_of -X "$method" "$url/private/page.txt") $method" "401 $method" || return 1
  done
  is "$(status_of -X BREW "$url/private/page.txt")" 501
}
script_is_told() {
  is "$(get -u "apr1:$secret" "$url/cgi-bin/who.cgi")" 'Basic apr1 none' &&
    is "$(status_of -H 'Remote-User: apr1' -H 'Auth-Type: Basic' "$url/cgi-bin/who.cgi")" 401
}
# A place of its own within another: its file counts.
nested() {
  is "$(status_of -u "bcrypt:$secret" "$url/private/deep/page.txt")" 401 &&
    is "$(get -u 'deep:other' "$url/private/deep/page.txt")" deep &&
    is "$(status_of -u 'deep:other' "$url/private/page.txt")" 401
}
may() { is "$(status_of -u "$1" "$url/private/page.txt")" "$2"; }
changes() {
  may newcomer:one 401 && htpasswd -bB -C 5 "$passwords" newcomer one && soon may newcomer:one 200 &&
    htpasswd -bB -C 5 "$passwords" newcomer two && soon may newcomer:two 200 && may newcomer:one 401 &&
    htpasswd -D "$passwords" newcomer && soon may newcomer:two 401 && may "bcrypt:$secret" 200
}
wrong_file() {
  cp "$passwords" "$work/good"
  echo 'plain:text' >>"$passwords"
  soon complains && may "bcrypt:$secret" 200 || return 1
  cp "$work/good" "$passwords"
}
complains() { may "bcrypt:$secret" 200 && grep -q 'line 7' "$work/log"; }
no_secrets_in_log() { ! grep -e "$secret" -e 'Basic [A-Za-z0-9+/]\{8\}' -e '[$]2[aby][$]' "$work/log"; }

htpasswd -bcB -C 5 "$work/deep" deep other 2>>"$work/said"
start_server --threads 16 --auth "/private=$passwords:Staff only" --auth "/private/deep=$work/deep" \
  --auth "/cgi-bin=$passwords"
for kind in bcrypt bcrypt-a apr1 sha256 sha512 yescrypt; do
  check "passwords: $kind" enters "$kind"
done
check "passwords: who says none is asked, and other places are open" asks
check "passwords: names that nobody has, and what is not Basic, do not enter" strangers
check "passwords: there is no way around, by path or by method" ways_around
check "passwords: a script is told who asks, by the server only" script_is_told
check "passwords: the longest path counts" nested
check "passwords: a change of the file is seen" changes
check "passwords: a file that has become wrong is told of, and the names before stay" wrong_file
check "passwords: none is in the log" no_secrets_in_log
stop_server

# --- What hashing costs ---------------------------------------------------------------------------------------

htpasswd -bcB -C 12 "$work/dear" ada secret 2>>"$work/said"
head -c 2000 /dev/zero >"$root/members/file"
start_server --threads 16 --auth "/members=$work/dear"
# 4000 hashings of this cost would take a quarter of an hour.
once_only() {
  ab -q -k -A ada:secret -n 4000 -c 8 "$url/members/file" >"$work/ab" 2>&1 || { tail -n 1 "$work/ab"; return 1; }
  is "$(grep -c '^Failed requests: *0$' "$work/ab")" 1 && ! grep 'Non-2xx' "$work/ab"
}
# Cost 12 is some 300 ms; a name that nobody has must not be told by an answer at once.
seconds_for() { get -o /dev/null -w '%{time_total}' -u "$1" "$url/members/file"; }
no_hint() {
  local wrong unknown
  wrong=$(for _ in 1 2 3; do seconds_for ada:wrong; echo; done | sort -n | head -n 1)
  unknown=$(for _ in 1 2 3; do seconds_for nobody:wrong; echo; done | sort -n | head -n 1)
  python3 -c "import sys; sys.exit(not 0.5 < $wrong / $unknown < 2 or $wrong < 0.05)" ||
    { echo "a wrong password takes $wrong s, an unknown name $unknown s"; return 1; }
}
# Hashing is bounded: what needs none is not held up by those who guess.
guessers() {
  local guess guesses=() slowest
  for guess in 1 2 3 4 5 6 7 8; do
    get -o /dev/null -u "ada:guess-$guess" "$url/members/file" &
    guesses+=($!)
  done
  slowest=$(get -o /dev/null -w '%{time_total}\n' "$url/public.txt?[1-20]" | sort -n | tail -n 1)
  wait "${guesses[@]}"
  python3 -c "import sys; sys.exit($slowest > 0.5)" || { echo "a file took $slowest s"; return 1; }
}
check "passwords: bcrypt of cost 12 is paid once for 4000 requests of ab" once_only
check "passwords: an unknown name takes as long as a wrong password" no_hint
check "passwords: eight who guess do not hold up a public file" guessers
