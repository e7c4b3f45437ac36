#!/usr/bin/env python3
"""Shows a script that is two pages: GET answers with an empty form, POST with what the form contained.

It reads CONTENT_LENGTH bytes and no more (RFC 3875 section 4.2), and refuses to read what it could not hold.
By hand: printf 'name=Ada' | env -i REQUEST_METHOD=POST CONTENT_LENGTH=8 ./form.cgi
"""

import os
import sys
from html import escape
from urllib.parse import parse_qsl

MAX_BODY_BYTES = 1024 * 1024
MAX_FIELDS = 1000
FORM_TYPE = "application/x-www-form-urlencoded"

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>{title}</h1>
{content}
<footer><p><a href="/">All pages</a></p></footer>
</main>
</body>
</html>
"""

FORM = """<form method="post" action="{action}">
<label for="name">Your name</label>
<input id="name" name="name" type="text" autocomplete="name">
<label for="language">A language you like</label>
<select id="language" name="language">
<option>C</option>
<option>C++</option>
<option>Python</option>
<option>Shell</option>
</select>
<label for="message">A few words</label>
<textarea id="message" name="message" rows="4"></textarea>
<button type="submit">Send</button>
</form>"""


def answer(status, title, content):
    """Writes the response; in UTF-8 whatever the locale says, with ? for what no encoding can write."""
    page = PAGE.format(title=escape(title), content=content)
    head = f"Status: {status}\nContent-Type: text/html; charset=utf-8\n\n"
    sys.stdout.buffer.write((head + page).encode("utf-8", "replace"))


def refuse(status, reason):
    answer(status, status, f'<p class="refused">{escape(reason)}</p>')


def show_form():
    action = os.environ.get("SCRIPT_NAME") or "/cgi-bin/form.cgi"
    answer("200 OK", "A form", FORM.format(action=escape(action)))


def table(fields):
    if not fields:
        return "<p>It has no fields.</p>"
    row = '<tr><th scope="row">{}</th><td>{}</td></tr>\n'
    rows = "".join(row.format(escape(name), escape(value)) for name, value in fields)
    return f"<table>\n{rows}</table>"


def show_fields():
    length = os.environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return refuse("400 Bad Request", "CONTENT_LENGTH is not a number.")
    # Counting the digits first: a number of a million digits would take long to read.
    if len(length) > 9 or int(length) > MAX_BODY_BYTES:
        return refuse("413 Content Too Large", f"This form takes {MAX_BODY_BYTES} bytes at most.")
    media_type = os.environ.get("CONTENT_TYPE", FORM_TYPE).split(";")[0].strip().lower()
    if media_type != FORM_TYPE:
        return refuse("415 Unsupported Media Type", f"This form is read as {FORM_TYPE} only.")

    body = sys.stdin.buffer.read(int(length))
    text = body.decode("utf-8", "replace")
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return refuse("400 Bad Request", f"This form takes {MAX_FIELDS} fields at most.")
    again = '<p><a href="">Fill it in again</a></p>'
    content = f"<p>The body was {len(body)} bytes long.</p>\n{table(fields)}\n{again}"
    answer("200 OK", "What the form contained", content)


if os.environ.get("REQUEST_METHOD") == "POST":
    show_fields()
else:
    show_form()
