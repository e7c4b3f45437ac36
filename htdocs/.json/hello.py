#!/usr/bin/env python3
# Answers a request that comes as a JSON event on standard input, with JSON on standard output.
# By hand: echo '{"rawPath": "/", "queryStringParameters": {"name": "Ada"}}' | ./hello.py
import base64
import html
import json
import sys


def text_of_body(event):
    """The body as text. It is absent from most requests, and in base64 when it is no UTF-8."""
    body = event.get("body", "")
    if event.get("isBase64Encoded"):
        return f"({len(base64.b64decode(body))} bytes that are no text)"
    return body


def describe(event):
    """What the page shows. A member without content may be absent: get() asks without insisting."""
    context = event.get("requestContext", {})
    http = context.get("http", {})
    user = context.get("authorizer", {}).get("basic", {}).get("user")
    return {
        "who": user or http.get("sourceIp", "somebody"),
        "method": http.get("method", "GET"),
        "path": event.get("rawPath", "/"),
        "parameters": event.get("queryStringParameters", {}),
        "body": text_of_body(event),
    }


def page_of(request):
    """The same as HTML. What a client sent is escaped, or it could bring a script of its own."""
    parameters = request["parameters"].items()
    items = "".join(f"<li>{html.escape(name)} is “{html.escape(value)}”</li>" for name, value in parameters)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hello from Python</title>
<link rel="stylesheet" href="/style.css">
<body class="answer">
<main>
<h1>Hello, {html.escape(request["who"])}!</h1>
<p>You sent {html.escape(request["method"])} {html.escape(request["path"])}.</p>
<ul>{items or "<li>No parameters.</li>"}</ul>
<p>The body: {html.escape(request["body"]) or "none."}</p>
</main>
</body>
</html>
"""


def answer(event):
    request = describe(event)
    wanted = request["parameters"].get("format", "html")
    if wanted == "json":
        return request  # A value without statusCode is itself the body: 200, application/json.
    if wanted == "html":
        headers = {"Content-Type": "text/html; charset=utf-8"}
        return {"statusCode": 200, "headers": headers, "body": page_of(request)}
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return {"statusCode": 400, "headers": headers, "body": "format is html or json.\n"}


json.dump(answer(json.load(sys.stdin)), sys.stdout)
