#!/usr/bin/env python3
"""Uses a DokuWiki in Chromium and prints a line, ok or not ok, for each step.

usage: dokuwiki.py URL FOLDER WIKI     FOLDER is empty, and for the browser's files; WIKI has the wiki's conf and data

With a folder in the environment variable SCREENSHOTS, each step leaves a picture of its end there.
"""

import os
import struct
import sys
import zlib

from browser import Visitor, start_browser
from selenium.common.exceptions import WebDriverException

PICTURE = (96, 64)


def write_picture(path):
    """A PNG of one colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width, height = PICTURE
    rows = (b"\0" + b"\xff\x63\x47" * width) * height
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def shows(visitor, text):
    body = "return document.readyState === 'complete' && document.body.innerText"
    visitor.wait(lambda: text in (visitor.script(body) or ""), f"the page does not show {text!r}")


def shows_picture(visitor, path):
    """The uploaded one, from that address."""
    look = (
        "const image = document.querySelector('#dokuwiki__content img');"
        "return image && image.complete && [image.naturalWidth, image.naturalHeight, new URL(image.src).pathname]"
    )
    visitor.wait(lambda: visitor.script(look) == [*PICTURE, path], f"there is no picture from {path}")


def save(visitor, text):
    visitor.type("#wiki__text", text)
    visitor.click("#edbtn__save")


def front_page(visitor, *_):
    visitor.browser.get(visitor.url + "/")
    visitor.wait(lambda: visitor.is_loaded("/doku.php?id=start"), "/ does not lead to the front page")
    shows(visitor, "This topic does not exist yet")


def looks(visitor, *_):
    """Styles and scripts come through PHP, the template's pictures from the server itself."""
    rules = "return [...document.styleSheets].map(sheet => [new URL(sheet.href).pathname, sheet.cssRules.length])"
    rules = dict(visitor.script(rules))
    assert rules.get("/lib/exe/css.php", 0) > 20, rules
    logo = "const logo = document.querySelector('#dokuwiki__header h1 img'); return [logo.src, logo.naturalWidth]"
    source, width = visitor.script(logo)
    assert source.startswith(visitor.url + "/lib/tpl/dokuwiki/images/") and width > 0, (source, width)
    assert visitor.script("return typeof jQuery === 'function' && typeof dw_page === 'object'"), "no scripts"


def log_in(visitor, *_):
    visitor.click("#dokuwiki__usertools .login a")
    visitor.type("input[name=u]", "ada")
    visitor.type("input[name=p]", "secret words")
    visitor.click("#dw__login button[type=submit]")
    shows(visitor, "Logged in as: Ada Lovelace")


def upload(visitor, folder, wiki):
    path = os.path.join(folder, "engine.png")
    write_picture(path)
    visitor.open("/doku.php?id=start&do=media")
    visitor.click("#mediamanager__page a[href*='tab_files=upload']")
    visitor.find("input[type=file]").send_keys(path)
    visitor.click("#mediamanager__upload_button")
    visitor.find(".qq-upload-success a.select")
    with open(path, "rb") as sent, open(f"{wiki}/data/media/engine.png", "rb") as stored:
        assert sent.read() == stored.read(), "the picture is another"


def save_page(visitor, _, wiki):
    visitor.open("/doku.php?id=engine&do=edit")
    save(visitor, "====== Analytical Engine ======\nGrüße & more: {{:engine.png}}\n")
    visitor.wait(lambda: visitor.is_loaded("/doku.php?id=engine"), "saving does not lead back to the page")
    shows(visitor, "Grüße & more")
    assert os.path.exists(f"{wiki}/data/pages/engine.txt"), "there is no file of the page"


def see_picture(visitor, *_):
    shows_picture(visitor, "/lib/exe/fetch.php")


def path_addresses(visitor, _, wiki):
    """Pages and pictures are below their scripts' paths, as in /doku.php/notes/first."""
    with open(f"{wiki}/conf/local.protected.php", "w", encoding="utf-8") as file:
        file.write("<?php\n$conf['userewrite'] = 2;\n$conf['useslash'] = 1;\n")
    visitor.open("/doku.php/notes/first?do=edit")
    save(visitor, "====== First Note ======\nOn the [[:engine]]: {{:engine.png}}\n")
    visitor.wait(lambda: visitor.is_loaded("/doku.php/notes/first"), "saving does not lead back to the page")
    shows_picture(visitor, "/lib/exe/fetch.php/engine.png")
    assert os.path.exists(f"{wiki}/data/pages/notes/first.txt"), "there is no file of the page"
    visitor.click("#dokuwiki__content a.wikilink1")
    visitor.wait(lambda: visitor.is_loaded("/doku.php/engine"), "the link leads elsewhere")
    shows(visitor, "Grüße & more")


def log_out(visitor, *_):
    visitor.click("#dokuwiki__usertools .logout a")
    shows(visitor, "Log In")
    assert "Ada Lovelace" not in visitor.find("body").text, "still logged in"


def console(visitor, *_):
    errors = [entry["message"] for entry in visitor.browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors, errors


STEPS = [
    ("the front page opens", front_page),
    ("it has its styles, its scripts and its logo", looks),
    ("one logs in", log_in),
    ("a picture is uploaded", upload),
    ("a page is created and saved", save_page),
    ("the page shows the picture", see_picture),
    ("pages and pictures below the paths of their scripts", path_addresses),
    ("one logs out", log_out),
    ("no error in the console", console),
]


def main():
    url, folder, wiki = sys.argv[1:]
    browser = start_browser(1280, 900, folder)
    try:
        visitor = Visitor(browser, url, 1280)
        for number, (name, step) in enumerate(STEPS):
            try:
                step(visitor, folder, wiki)
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
