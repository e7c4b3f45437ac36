#!/usr/bin/env python3
"""A page of another origin tries to read the inspector and to make it do something. Prints ok or not ok.

usage: inspector_stranger.py SITE INSPECTOR FOLDER
SITE and INSPECTOR are URLs without the last slash. FOLDER is empty, and for the browser's files.
"""

import json
import sys
import urllib.request

from selenium.common.exceptions import WebDriverException

from browser import Visitor, start_browser

# Asks as a page can, and says what came of it.
ASK = """
const [url, options, done] = arguments;
fetch(url, options).then(
  (answer) => answer.text().then((text) => done(`${answer.type} ${answer.status} ${text.length}`)),
  () => done('refused'));
"""

JSON_POST = {"method": "POST", "headers": {"Content-Type": "application/json", "X-Tinyhttpd-Inspector": "1"},
             "body": '{"stops":["before_fork"]}'}
PLAIN_POST = {"method": "POST", "mode": "no-cors", "body": '{"stops":["before_fork"]}'}


def ask(visitor, url, options):
    return visitor.browser.execute_async_script(ASK, url, options)


def reads_nothing(visitor, inspector):
    for path in ("/api/exchanges", "/api/server", "/metrics", "/"):
        said = ask(visitor, inspector + path, {})
        assert said == "refused", f"{path}: {said}"
        said = ask(visitor, inspector + path, {"mode": "no-cors"})
        assert said in ("refused", "opaque 0 0"), f"{path}: {said}"


def changes_nothing(visitor, inspector):
    for options in (JSON_POST, PLAIN_POST):
        said = ask(visitor, inspector + "/api/step", options)
        assert said in ("refused", "opaque 0 0"), said
    with urllib.request.urlopen(inspector + "/api/step", timeout=20) as answer:
        stops = json.load(answer)["stops"]
    assert stops == [], f"step mode was changed: {stops}"


def shows_it_in_no_frame(visitor, inspector):
    inside = visitor.browser.execute_async_script(
        """
        const [url, done] = arguments;
        const frame = document.createElement('iframe');
        frame.onload = () => { try { done(frame.contentDocument ? 'empty' : 'foreign'); } catch { done('foreign'); } };
        frame.src = url;
        document.body.append(frame);
        """, inspector + "/")
    # Chromium shows a page of its own in place of what may not be framed, and says so.
    said = " ".join(entry["message"] for entry in visitor.browser.get_log("browser"))
    assert "frame" in said or inside == "empty" or "403" in said, (inside, said)


def runs_no_script_of_it(visitor, inspector):
    loaded = visitor.browser.execute_async_script(
        """
        const [url, done] = arguments;
        const script = document.createElement('script');
        script.onload = () => done('loaded');
        script.onerror = () => done('refused');
        script.src = url;
        document.body.append(script);
        """, inspector + "/inspector.mjs")
    assert loaded == "refused", loaded


STEPS = [
    ("reads nothing", reads_nothing),
    ("changes nothing", changes_nothing),
    ("shows it in no frame", shows_it_in_no_frame),
    ("runs no script of it", runs_no_script_of_it),
]


def main():
    site, inspector, folder = sys.argv[1:]
    browser = start_browser(1280, 900, folder)
    try:
        visitor = Visitor(browser, site, 1280)
        visitor.open("/")
        for name, step in STEPS:
            try:
                step(visitor, inspector)
                print(f"ok inspector: a page of another origin {name}", flush=True)
            except (AssertionError, OSError, WebDriverException) as error:
                reason = " ".join(str(error).split())[:300]
                print(f"not ok inspector: a page of another origin {name}: {reason}", flush=True)
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
