#!/usr/bin/env python3
"""Uses a DokuWiki in Chromium and prints a line, ok or not ok, for each step.

usage: dokuwiki.py URL FOLDER     FOLDER is empty, and for the browser's files
"""

import os
import struct
import sys
import zlib

from browser import Visitor, start_browser
from selenium.common.exceptions import WebDriverException

PAGE = "/doku.php?id=engine"


def write_picture(path, width=64, height=48):
    """A PNG of one colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff\x63\x47" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header))
        file.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def shows(visitor, text):
    body = "return document.readyState === 'complete' && document.body.innerText"
    visitor.wait(lambda: text in (visitor.script(body) or ""), f"the page does not show {text!r}")


def front_page(visitor, _):
    visitor.open("/doku.php")
    shows(visitor, "Wiki of the test")


def log_in(visitor, _):
    visitor.open("/doku.php?id=start&do=login")
    visitor.type("input[name=u]", "ada")
    visitor.type("input[name=p]", "secret words")
    visitor.click("#dw__login button[type=submit]")
    shows(visitor, "Logged in as: Ada Lovelace")


def save_page(visitor, _):
    visitor.open(PAGE + "&do=edit")
    visitor.type("#wiki__text", "====== Analytical Engine ======\nGrüße & more: {{:engine.png}}\n")
    visitor.click("#edbtn__save")
    shows(visitor, "Grüße & more")


def upload(visitor, folder):
    path = os.path.join(folder, "engine.png")
    write_picture(path)
    visitor.open("/lib/exe/mediamanager.php?ns=")
    visitor.find("input[type=file]").send_keys(path)
    visitor.click("#mediamanager__upload_button, .qq-upload-action, #dw__upload button[type=submit]")
    stored = os.path.join(os.environ["WIKI_ROOT"], "data/media/engine.png")
    visitor.wait(lambda: os.path.exists(stored), "the picture does not arrive")
    with open(path, "rb") as sent, open(stored, "rb") as got:
        assert sent.read() == got.read(), "the picture is another"


def picture(visitor, _):
    visitor.open(PAGE)
    width = "const image = document.querySelector('img.media'); return image && image.naturalWidth"
    visitor.wait(lambda: (visitor.script(width) or 0) > 0, "there is no picture")


def log_out(visitor, _):
    visitor.click("#dokuwiki__usertools a.logout, #dokuwiki__usertools .logout a")
    shows(visitor, "Log In")
    assert "Ada Lovelace" not in visitor.script("return document.body.innerText"), "still logged in"


STEPS = [
    ("the front page opens", front_page),
    ("one logs in", log_in),
    ("a page is created and saved", save_page),
    ("a picture is uploaded", upload),
    ("the page shows the picture", picture),
    ("one logs out", log_out),
]


def main():
    url, folder = sys.argv[1:]
    browser = start_browser(1280, 900, folder)
    try:
        visitor = Visitor(browser, url, 1280)
        for number, (name, step) in enumerate(STEPS):
            try:
                step(visitor, folder)
                print(f"ok dokuwiki: {name}", flush=True)
            except (AssertionError, OSError, WebDriverException) as error:
                reason = " ".join(str(error).split())[:300]
                print(f"not ok dokuwiki: {name}: {reason}", flush=True)
            if "SCREENSHOTS" in os.environ:
                browser.save_screenshot(os.path.join(os.environ["SCREENSHOTS"], f"{number}.png"))
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
