#!/usr/bin/env bash
# git's own CGI program, git-http-backend, behind the server: clone, push, protocol version 2.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need git
backend=$(git --exec-path)/git-http-backend
if [ ! -x "$backend" ]; then
  echo "skip git.sh: there is no git-http-backend"
  exit 0
fi

export HOME=$work GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org
export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
repositories=$work/repositories
git init -q --bare -b main "$repositories/project.git"
git -C "$repositories/project.git" config http.receivepack true

script git.cgi <<END
#!/bin/sh
exec '$backend'
END
start_server --threads 16 --cgi-env "GIT_PROJECT_ROOT=$repositories" --cgi-env GIT_HTTP_EXPORT_ALL=1
remote=$url/cgi-bin/git.cgi/project.git

commit() { git add -A && git commit -q -m "$1"; }
is_whole() { git -C "$1" fsck --full --strict; }
same_head() { is "$(git -C "$1" rev-parse HEAD)" "$(git -C "$repositories/project.git" rev-parse main)"; }

first_push() {
  git init -q -b main "$work/first" && cd "$work/first" || return 1
  head -c 1M /dev/urandom >readme.bin
  commit "Begin" && git push -q "$remote" main && same_head . && is_whole "$repositories/project.git"
}
# With so small a buffer git cannot send the pack in one piece, and sends it in chunks.
large_push() {
  cd "$work/first" || return 1
  for number in 1 2 3 4 5; do head -c 10M /dev/urandom >"random-$number.bin"; done
  commit "Add 50 MB that do not compress" &&
    GIT_TRACE_CURL=$work/push-trace git -c http.postBuffer=65536 push -q "$remote" main &&
    grep -aq 'Transfer-Encoding: chunked' "$work/push-trace" && same_head . &&
    is_whole "$repositories/project.git"
}
clone() {
  git clone -q "$remote" "$work/clone" && same_head "$work/clone" && is_whole "$work/clone" &&
    cmp "$work/first/random-3.bin" "$work/clone/random-3.bin"
}
shallow_clone() {
  GIT_TRACE_PACKET=$work/packet-trace \
    git -c protocol.version=2 clone -q --depth 1 "$remote" "$work/shallow" &&
    grep -q 'clone< version 2' "$work/packet-trace" &&
    is "$(git -C "$work/shallow" rev-list --count HEAD)" 1 &&
    same_head "$work/shallow" && is_whole "$work/shallow"
}
fetch() {
  cd "$work/first" || return 1
  echo more >>readme.bin
  commit "Say more" && git push -q "$remote" main && git -C "$work/clone" pull -q &&
    same_head "$work/clone" && is_whole "$work/clone"
}
# Of the first commit: what is slow about more is git's own work.
eight_at_once() {
  local number clones=()
  for number in 1 2 3 4 5 6 7 8; do
    git clone -q "$remote" "$work/clone-$number" &
    clones+=($!)
  done
  for number in "${clones[@]}"; do wait "$number" || return 1; done
  for number in 1 2 3 4 5 6 7 8; do
    same_head "$work/clone-$number" && is_whole "$work/clone-$number" || return 1
  done
}
missing() {
  ! git ls-remote "$url/cgi-bin/git.cgi/nothing.git"
}

check "git pushes a first commit" first_push
check "eight git clones at once" eight_at_once
check "git pushes 50 MB in chunks" large_push
check "git clones what was pushed" clone
check "git clones the last commit only, by protocol version 2" shallow_clone
check "git pulls a later commit" fetch
check "git is told of a repository that is not there" missing
