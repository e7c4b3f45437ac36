#!/usr/bin/env bash
# The inspector beside the demonstration site: its page in a browser, what a page of another origin gets, and the shell
# command that runs a script the same way.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need curl jq

root=$(realpath "$(dirname "$0")/../../htdocs")
start_server --cgi-timeout 2 --inspect 127.0.0.1:0
inspector=$(sed -n 's|.*the inspector is at \(http://127.0.0.1:[0-9]*\)/.*|\1|p' "$work/log")

# The newest exchange of a script, once it is over.
newest() { curl -s "$inspector/api/exchanges" | jq -e '[.exchanges[] | select(.handler == "execute_cgi")] | last | select(.over)'; }
newest_id() { soon newest >/dev/null && newest | jq .id; }

# --- The shell command ----------------------------------------------------------------------------------------

same_output() {
  curl -s -o "$work/answer" "$@" "$url/cgi-bin/color.cgi?color=red"
  local id
  id=$(newest_id) || return 1
  curl -s "$inspector/api/exchanges/$id" | jq -r '.streams[1].bytes_base64' | base64 -d >"$work/output"
  curl -s "$inspector/api/exchanges/$id.sh" >"$work/command"
  sh "$work/command" >"$work/again" || return 1
  cmp "$work/output" "$work/again"
}
check "inspector: the shell command prints what the script printed" same_output
check "inspector: so it does with a form that was sent" same_output -d 'color=green' -H "X-Quote: it's \"quoted\""

# --- The lessons ----------------------------------------------------------------------------------------------

# What the inspector says of a lesson that fails is what the log says.
lesson_is_explained() {
  curl -s -o "$work/answer" "$url/lessons/$1.cgi?1"
  local what
  soon newest >/dev/null
  what=$(curl -s "$inspector/api/exchanges" | jq -r --arg path "/lessons/$1.cgi?1" '.exchanges[] | select(.target == $path) | .diagnosis')
  if [ -z "$what" ] || [ "$what" = null ]; then
    echo "no diagnosis"
    return 1
  fi
  logged "$(printf '%s' "${what:0:40}" | sed 's/[][\.*^$/]/\\&/g')"
}
for page in "$root"/lessons/*.html; do
  lesson=$(basename "$page" .html)
  case $lesson in
    index | floods-stderr) continue ;; # the one is no lesson, the other no failure
  esac
  check "inspector: lesson $lesson is explained as in the log" lesson_is_explained "$lesson"
done

# --- Secrets --------------------------------------------------------------------------------------------------

secrets_stay() {
  curl -s -o "$work/answer" -u 'ada:open sesame' -b 'session=f00dcafe' "$url/cgi-bin/environment.cgi"
  local id form
  id=$(newest_id) || return 1
  for form in "" .har .mmd .sh; do curl -s "$inspector/api/exchanges/$id$form"; done >"$work/all"
  jq -r '.streams[1].bytes_base64' <(curl -s "$inspector/api/exchanges/$id") | base64 -d >>"$work/all"
  cat "$work/log" >>"$work/all"
  ! grep -E 'open sesame|f00dcafe|YWRhOm9wZW4gc2VzYW1l' "$work/all"
}
check "inspector: no password and no cookie in any view, nor in the log" secrets_stay

# --- In the browser -------------------------------------------------------------------------------------------

if ! command -v chromedriver >/dev/null || ! /usr/bin/python3 -c 'import selenium' 2>/dev/null; then
  echo "skip ${0##*/}: there is no chromedriver, or no python3-selenium"
  exit 0
fi
for size in 1280x900 390x844; do
  mkdir "$work/$size"
  # The browser writes there only.
  HOME=$work/$size /usr/bin/python3 "$(dirname "$0")/inspector_page.py" "$url" "$inspector" "$size" "$work/$size"
done
mkdir "$work/stranger"
HOME=$work/stranger /usr/bin/python3 "$(dirname "$0")/inspector_stranger.py" "$url" "$inspector" "$work/stranger"
