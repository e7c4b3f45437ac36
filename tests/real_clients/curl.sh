#!/usr/bin/env bash
# What people do with curl: downloads and uploads of 100 MB, ranges, resuming, forms, conditions.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need curl sha256sum

printf 'the page' >"$root/page.txt"
mkdir "$root/folder"
printf 'the index' >"$root/folder/index.html"
head -c 100M /dev/urandom >"$root/large.bin"
large_sum=$(sum_of "$root/large.bin")
script sum.cgi <<'END'
#!/bin/sh
printf "Content-Type: text/plain\n\n"
echo "$REQUEST_METHOD $CONTENT_LENGTH $(sha256sum | cut -d " " -f 1)"
END
script echo.cgi <<'END'
#!/bin/sh
printf "Content-Type: text/plain\n\n"
cat
END
start_server --max-body 200M

get() { curl -sS --max-time 60 "$@"; }
status_of() { get -o /dev/null -w '%{http_code}' "$@"; }

download() {
  get -f -o "$work/download" "$url/large.bin" && is "$(sum_of "$work/download")" "$large_sum"
}
download_by_script() {
  script large.cgi <<END
#!/bin/sh
printf 'Content-Type: application/octet-stream\n\n'
exec cat '$root/large.bin'
END
  get -f -o "$work/download" "$url/cgi-bin/large.cgi" && is "$(sum_of "$work/download")" "$large_sum"
}
ranges() {
  is "$(get -r 0-2 "$url/page.txt")" the && is "$(get -r 4- "$url/page.txt")" page &&
    is "$(get -r -3 "$url/page.txt")" age && is "$(status_of -r 8- "$url/page.txt")" 416 &&
    is "$(get -r 50000000-99999999 "$url/large.bin" | sum_of)" \
      "$(tail -c +50000001 "$root/large.bin" | head -c 50000000 | sum_of)"
}
resume() {
  head -c 40M "$root/large.bin" >"$work/partial"
  get -f -C - -o "$work/partial" "$url/large.bin" && is "$(sum_of "$work/partial")" "$large_sum"
}
upload() {
  is "$(get -T "$root/large.bin" "$url/cgi-bin/sum.cgi/large.bin")" "PUT 104857600 $large_sum"
}
upload_in_chunks() {
  is "$(get -H 'Transfer-Encoding: chunked' -T "$root/large.bin" "$url/cgi-bin/sum.cgi/x")" \
    "PUT 104857600 $large_sum" &&
    is "$(get -T - "$url/cgi-bin/sum.cgi/x" <"$root/large.bin")" "PUT 104857600 $large_sum"
}
form_with_file() {
  local answer
  answer=$(get -F name=Ada -F "file=@$root/page.txt" "$url/cgi-bin/echo.cgi")
  [[ $answer == *'name="name"'*Ada*'filename="page.txt"'*'the page'* ]]
}
form_in_chunks() {
  local answer
  answer=$(get -H 'Transfer-Encoding: chunked' -F "file=@$root/page.txt" "$url/cgi-bin/echo.cgi")
  [[ $answer == *'the page'* ]]
}
expect_continue() {
  local said
  said=$(get -v -H 'Expect: 100-continue' --data-binary "@$root/large.bin" "$url/cgi-bin/sum.cgi" 2>&1)
  [[ $said == *'100 Continue'*"$large_sum"* ]]
}
refused_before_the_body() {
  is "$(get -o /dev/null -w '%{http_code} %{size_upload}' --expect100-timeout 20 -H 'Expect: 100-continue' \
    -T "$root/large.bin" "$url/page.txt")" '405 0'
}
too_large() {
  is "$(head -c 201M /dev/zero | get -o /dev/null -w '%{http_code}' -T - "$url/cgi-bin/sum.cgi/x")" 413
}
old_protocol() {
  local answer
  answer=$(get --http1.0 -i -d hello "$url/cgi-bin/echo.cgi")
  [[ $answer == *hello && $answer != *[Cc]hunked* ]] && is "$(get --http1.0 "$url/page.txt")" 'the page'
}
head_only() {
  is "$(get -I "$url/large.bin" | tr -d '\r' | sed -n 's/^Content-Length: //p')" 104857600 &&
    is "$(get -I -o /dev/null -w '%{http_code}' "$url/cgi-bin/echo.cgi")" 200
}
reuse() {
  local each=(-o /dev/null -w '%{http_code} %{num_connects},')
  is "$(get "${each[@]}" "$url/page.txt" --next "${each[@]}" -sS -d x "$url/cgi-bin/echo.cgi" --next \
    "${each[@]}" -sS "$url/missing" --next "${each[@]}" -sS "$url/page.txt")" '200 1,200 0,404 0,200 0,'
}
newer_than() {
  touch -d '2020-01-01' "$work/older"
  touch -d '2021-01-01' "$root/page.txt"
  touch -d '2022-01-01' "$work/newer"
  is "$(status_of -z "$work/newer" "$url/page.txt")" 304 &&
    is "$(status_of -z "$work/older" "$url/page.txt")" 200
}
entity_tag() {
  is "$(status_of --etag-save "$work/tag" "$url/page.txt")" 200 &&
    is "$(status_of --etag-compare "$work/tag" "$url/page.txt")" 304 &&
    printf 'the page, edited' >"$root/page.txt" &&
    is "$(status_of --etag-compare "$work/tag" "$url/page.txt")" 200 && printf 'the page' >"$root/page.txt"
}
follow() {
  is "$(get -L -w ' %{url_effective}' "$url/folder?a=b")" "the index $url/folder/?a=b"
}

check "curl downloads 100 MB byte for byte" download
check "curl downloads 100 MB from a script" download_by_script
check "curl -r gets ranges" ranges
check "curl -C - resumes a download" resume
check "curl -T uploads 100 MB to a script" upload
check "curl uploads 100 MB in chunks" upload_in_chunks
check "curl -F sends a form with a file" form_with_file
check "curl -F sends a form in chunks" form_in_chunks
check "curl waits for 100 Continue" expect_continue
check "curl learns of a refusal before it sends the body" refused_before_the_body
check "curl reads 413 while it still sends" too_large
check "curl --http1.0 gets no chunks" old_protocol
check "curl -I gets the head" head_only
check "curl reuses its connection" reuse
check "curl -z asks by date" newer_than
check "curl --etag-compare asks by entity tag" entity_tag
check "curl -L follows to a folder" follow
