#!/usr/bin/env python3
"""Uses the inspector's page in Chromium and prints a line, ok or not ok, for each thing that a reader does.

usage: inspector_page.py SITE INSPECTOR WIDTHxHEIGHT FOLDER
SITE and INSPECTOR are URLs without the last slash; SITE has /cgi-bin/color.cgi. FOLDER is empty, and for the
browser's files.
"""

import os
import subprocess
import sys

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import Visitor, start_browser

TARGET = "/cgi-bin/color.cgi?seen=by-the-inspector"
STOPS = ["before_pipes", "before_fork", "before_first_byte", "before_waitpid"]


class Reader(Visitor):
    """Whoever looks at the inspector, and has the site open in another tab."""

    def __init__(self, browser, site, url, width):
        super().__init__(browser, url, width)
        self.site = site

    def open_view(self, hash_):
        """Opens the page anew at `hash_`, and waits until it is live."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.url}/{hash_}")
        self.wait(lambda: self.text("#connection") == "live", "the page is not live")

    def text(self, selector):
        return self.script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def shows(self, selector, text):
        self.wait(lambda: text in self.text(selector), f"{selector} does not show {text!r}")

    def visit_site(self, path):
        """Asks for it in another tab, does not wait for the answer, and comes back."""
        here = self.browser.current_window_handle
        self.script("window.other = window.open(arguments[0], 'other')", self.site + path)
        self.browser.switch_to.window(here)

    def newest_row(self):
        return self.script("return Number(document.querySelector('.rows li')?.dataset.id ?? 0)")

    def go_to(self, hash_):
        self.script("location.hash = arguments[0]", hash_)

    def send_key(self, keys):
        self.script("document.activeElement?.blur()")
        self.browser.find_element(By.TAG_NAME, "body").send_keys(keys)

    def is_narrow(self):
        return self.script("return !document.querySelector('.list-pane').checkVisibility()")


def arrives(reader, _):
    reader.open_view("#/")
    before = reader.newest_row()
    reader.visit_site(TARGET)
    reader.wait(lambda: reader.newest_row() > before, "the request does not arrive")
    # The browser may ask for an icon, too.
    find = "return [...document.querySelectorAll('.rows li')].find((row) => row.textContent.includes('color.cgi'))"
    reader.wait(lambda: reader.script(f"{find} !== undefined"), "it is not in the list")
    reader.wait(lambda: "200" in reader.script(f"{find}.querySelector('.tag').textContent"), "it does not end")
    reader.script(f"{find}.querySelector('a').click()")
    reader.shows(".exchange-head", "/cgi-bin/color.cgi")


def explains_method(reader, _):
    reader.go_to(reader.script("return location.hash.replace('overview', 'environment')"))
    reader.shows(".environment", "REQUEST_METHOD")
    row = reader.script(
        "return [...document.querySelectorAll('.environment tbody tr')]"
        ".find((row) => row.textContent.includes('REQUEST_METHOD')).textContent"
    )
    assert "GET" in row and "RFC 3875 section 4.1.12" in row, row


def every_tab(reader, _):
    names = reader.script("return [...document.querySelectorAll('[role=tab]')].map(({id}) => id)")
    assert len(names) >= 8, names
    for name in names:
        reader.click(f"#{name}")
        reader.wait(
            lambda name=name: reader.script(
                "return document.querySelector('[aria-selected=true]').id === arguments[0]"
                " && document.querySelector('[role=tabpanel]').textContent.length > 20",
                name,
            ),
            f"{name} shows nothing",
        )
        wide = reader.script("return document.querySelector('#detail').scrollWidth")
        assert wide <= reader.width, f"{name} is {wide} pixels wide"


def arrow_keys_change_tabs(reader, _):
    reader.click("#tab-overview")
    reader.find("#tab-overview").send_keys(Keys.ARROW_RIGHT)
    reader.wait(lambda: reader.script("return document.activeElement.id") == "tab-drawing", "the focus stays")
    reader.shows("[aria-selected=true]", "Drawing")
    reader.browser.back()
    reader.shows("[aria-selected=true]", "Overview")


def plays(reader, _):
    reader.click("#tab-drawing")
    reader.shows(".event-count", "1 of ")
    reader.click(".play")
    reader.shows(".play", "Pause")
    reader.wait(lambda: not reader.text(".event-count").startswith("1 of "), "nothing moves")
    reader.click(".play")
    reader.shows(".play", "Play")
    here = int(reader.text(".event-count").split()[0])
    reader.send_key(".")
    reader.shows(".event-count", f"{here + 1} of ")
    reader.wait(lambda: reader.text(".play") == "Play", "one step plays on")
    reader.send_key(",")
    reader.shows(".event-count", f"{here} of ")
    hash_ = reader.script("return location.hash")
    said = reader.text(".now")
    reader.open_view(hash_)
    reader.shows(".now", said)


def filters(reader, _):
    reader.open_view("#/")
    reader.send_key("/")
    assert reader.script("return document.activeElement.id") == "filter"
    reader.find("#filter").send_keys("no such thing anywhere")
    reader.shows(".count", "0 of ")
    reader.type("#filter", "color.cgi")
    reader.wait(lambda: reader.newest_row() > 0, "the filter shows nothing")
    rows = reader.script("return [...document.querySelectorAll('.rows li')].map((row) => row.textContent)")
    assert all("color.cgi" in row for row in rows), rows
    reader.find("#filter").send_keys(Keys.ESCAPE)
    reader.send_key(Keys.ARROW_DOWN)
    chosen = reader.script("return document.activeElement.closest('.rows li')?.dataset.id")
    assert chosen, "no row has the focus"
    reader.browser.switch_to.active_element.send_keys(Keys.ENTER)
    reader.wait(lambda: f"/{chosen}/" in reader.script("return location.hash"), "Enter does not open it")


def stays_under_the_pointer(reader, _):
    """The reader has scrolled; what comes in above moves nothing."""
    reader.open_view("#/")
    reader.wait(lambda: reader.newest_row() > 0, "there is no row")
    place = (
        "const row = document.querySelector(`.rows [data-id='${arguments[0]}']`);"
        "return Math.round(row.getBoundingClientRect().top)"
    )
    for _ in range(12):
        before = reader.newest_row()
        subprocess.run(["curl", "-s", "-o", os.devnull, reader.site + TARGET], check=True, timeout=30)
        reader.wait(lambda before=before: reader.newest_row() > before, "a request does not arrive")
    newest = reader.newest_row()
    reader.script("document.querySelector('.scroller').scrollTop = 40")
    was = reader.script(place, newest)
    subprocess.run(["curl", "-s", "-o", os.devnull, reader.site + TARGET], check=True, timeout=30)
    reader.wait(lambda: reader.newest_row() > newest, "a request does not arrive")
    now = reader.script(place, newest)
    assert abs(now - was) <= 1, f"the row moved from {was} to {now}"
    reader.shows(".newer", "1 newer")
    reader.click(".newer")
    assert reader.script("return document.querySelector('.scroller').scrollTop") == 0


def copies(reader, _):
    reader.browser.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"origin": reader.url, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    reader.go_to(f"#/exchange/{reader.newest_row()}/overview")
    reader.click("#copy-sh")
    reader.shows("#said", "Copied")
    text = reader.browser.execute_async_script(
        "const done = arguments[0]; navigator.clipboard.readText().then(done, (error) => done(String(error)))"
    )
    assert "env -i" in text, text


def replays(reader, _):
    before = reader.script("return location.hash")
    reader.click("#replay")
    reader.wait(lambda: reader.script("return location.hash") != before, "no new exchange is opened")
    reader.shows("#replay-title", "A replay of")
    reader.shows(".verdicts", "The same status")
    reader.shows(".verdicts", "The same body")


def steps_through_all_stops(reader, _):
    reader.open_view("#/step")
    reader.find(".step-form")
    for stop in STOPS:
        reader.click(f"[name=stop][value={stop}]")
    reader.type("#prefix", "/cgi-bin/color.cgi")
    reader.click(".step-form .buttons button:first-child")
    reader.shows(".told-state", "are held")
    reader.visit_site(TARGET)
    for index, stop in enumerate(STOPS):
        words = stop.replace("_", " ")
        reader.shows("#held", words)
        if index == 0:
            reader.click("#held a")
        reader.shows(".held-head", words)
        assert "pipe:[" in reader.text(".held-tables") or index == 0 or index == 3, "there is no table of the kernel's"
        reader.click("#go-on")
    reader.wait(lambda: "200" in reader.text(".exchange-head .tag"), "the held request does not end")
    reader.open_view("#/step")
    reader.click("#step-off")
    reader.shows(".told-state", "Step mode is off")


def shows_workers(reader, _):
    reader.open_view("#/pool")
    reader.shows(".pool-view", "Worker 0")
    reader.shows(".pool-view", "Queue")


def remembers_colours(reader, _):
    reader.open_view("#/")
    reader.click("#theme")
    reader.click("#theme")
    assert reader.script("return document.documentElement.dataset.theme") == "dark"
    reader.open_view("#/")
    dark = reader.script("return getComputedStyle(document.body).backgroundColor")
    reader.click("#theme")
    reader.click("#theme")
    assert reader.script("return getComputedStyle(document.body).backgroundColor") != dark


def console(reader, _):
    errors = [entry["message"] for entry in reader.browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors, errors


STEPS = [
    ("a request of another tab arrives without a reload", arrives),
    ("REQUEST_METHOD has its section", explains_method),
    ("every tab shows something, and nothing is too wide", every_tab),
    ("arrows go through the tabs, and the back button back", arrow_keys_change_tabs),
    ("the drawing plays, pauses, steps, and is found again by its address", plays),
    ("the filter and the keys", filters),
    ("rows stay where they are when newer ones come", stays_under_the_pointer),
    ("a shell command is copied", copies),
    ("a replay is compared", replays),
    ("a held request goes through all its stops", steps_through_all_stops),
    ("the workers are shown", shows_workers),
    ("the colours are remembered", remembers_colours),
    ("no error in the console", console),
]


def main():
    site, url, size, folder = sys.argv[1:]
    width, height = (int(number) for number in size.split("x"))
    browser = start_browser(width, height, folder)
    try:
        reader = Reader(browser, site, url, width)
        for name, step in STEPS:
            try:
                step(reader, folder)
                print(f"ok inspector {size}: {name}", flush=True)
            except (AssertionError, WebDriverException, subprocess.SubprocessError) as error:
                reason = " ".join(str(error).split())[:300]
                print(f"not ok inspector {size}: {name}: {reason}", flush=True)
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
