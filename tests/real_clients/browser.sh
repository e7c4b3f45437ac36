#!/usr/bin/env bash
# The pages that come with the server, in a browser: Chromium without a window, as wide as a desk's screen and
# as narrow as a phone's.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need chromium chromedriver /usr/bin/python3
if ! /usr/bin/python3 -c 'import selenium' 2>/dev/null; then
  echo "skip ${0##*/}: there is no python3-selenium"
  exit 0
fi
root=$(realpath "$(dirname "$0")/../../htdocs")
start_server --threads 16

for size in 1280x900 390x844; do
  mkdir "$work/$size"
  # The browser writes here only.
  HOME=$work/$size /usr/bin/python3 "$(dirname "$0")/browser.py" "$url" "$size" "$work/$size"
done
