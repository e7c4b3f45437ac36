#!/usr/bin/env python3
"""Visits the pages in Chromium and prints a line, ok or not ok, for each thing that a visitor does.

usage: browser.py URL WIDTHxHEIGHT FOLDER     FOLDER is empty, and for the browser's files
"""

import hashlib
import os
import re
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

UPLOAD_BYTES = 5 * 1024 * 1024
CLOCK_LINES = 10


def start_browser(width, height, folder):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    # Commands must not wait for a page that is still arriving: the clock is to be seen while it does.
    options.page_load_strategy = "none"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    arguments = ["--headless", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run"]
    arguments += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    arguments += [f"--window-size={width},{height}", f"--user-data-dir={folder}/profile"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses to be started by root.
    for argument in arguments:
        options.add_argument(argument)
    browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    # A window cannot be as narrow as a phone.
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    return browser


class Visitor:
    """One browser and what a visitor does with it. Whatever does not happen in time is an AssertionError."""

    def __init__(self, browser, url, width):
        self.browser = browser
        self.url = url
        self.width = width

    def wait(self, condition, what, seconds=10):
        """Waits until `condition` is true. A page that is just being replaced counts as not yet."""
        deadline = time.monotonic() + seconds
        said = None
        while time.monotonic() < deadline:
            try:
                said = condition()
                if said:
                    return said
            except WebDriverException as error:
                said = error.msg
            time.sleep(0.02)
        raise AssertionError(f"{what} (last: {str(said)[:200]!r})")

    def script(self, text, *arguments):
        return self.browser.execute_script(text, *arguments)

    def is_loaded(self, path):
        here, state = self.script("return [location.pathname + location.search, document.readyState]")
        return here == path and state == "complete"

    def open(self, path):
        self.browser.switch_to.default_content()
        self.browser.get(self.url + path)
        self.wait(lambda: self.is_loaded(path), f"{path} does not open")
        wide = self.script("return document.documentElement.scrollWidth")
        assert wide <= self.width, f"{path} is {wide} pixels wide"

    def find(self, selector):
        return self.wait(lambda: self.browser.find_element(By.CSS_SELECTOR, selector), f"there is no {selector}")

    def type(self, selector, text):
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def click(self, selector):
        element = self.find(selector)
        self.script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def click_link(self, text):
        for link in self.browser.find_elements(By.CSS_SELECTOR, "a[target=result]"):
            if link.text == text:
                self.script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", link)
                return link.click()
        raise AssertionError(f"there is no link {text}")

    def in_frame(self, selector, look):
        """What `look` returns inside of the frame."""
        self.browser.switch_to.default_content()
        self.browser.switch_to.frame(self.browser.find_element(By.CSS_SELECTOR, selector))
        try:
            return look()
        finally:
            self.browser.switch_to.default_content()

    def result_text(self):
        text = "return document.body ? document.body.innerText : ''"
        return self.in_frame("iframe[name=result]", lambda: self.script(text))

    def result_shows(self, text):
        self.wait(lambda: text in self.result_text(), f"the result does not show {text!r}")

    def address_shows(self, text):
        """So does the link beside it, which opens the page alone."""
        self.wait(lambda: self.find(".address").text == text, f"the address is not {text!r}")
        alone = self.find(".result header a").get_attribute("href")
        assert alone == self.url + text, f"the link beside {text} opens {alone}"


def color_on_start_page(visitor, _):
    visitor.open("/")
    visitor.type("#color", "red")
    visitor.click("form button")
    visitor.wait(lambda: visitor.is_loaded("/cgi-bin/color.cgi"), "the form leads nowhere")
    assert visitor.find("h1").text == "This is red"
    background = visitor.script("return getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 0, 0)", background


def terminal_lines(visitor, _):
    host = visitor.url.removeprefix("http://")
    for page in "/", "/demo/nph.html":
        visitor.open(page)
        assert f" {host}/cgi-bin/" in visitor.find("pre").text, visitor.find("pre").text


def has_listing(visitor):
    count = "return document.querySelectorAll('.listing tr').length"
    return visitor.in_frame(".source iframe", lambda: visitor.script(count)) > 0


def every_demonstration(visitor, _):
    visitor.open("/demo/")
    links = visitor.browser.find_elements(By.CSS_SELECTOR, ".card a")
    pages = [link.get_attribute("href").removeprefix(visitor.url) for link in links]
    assert len(pages) >= 20, pages
    for page in pages:
        visitor.open(page)
        visitor.wait(lambda: has_listing(visitor), f"{page} shows no source")
        starts_by_itself = visitor.find("iframe[name=result]").get_attribute("src")
        if starts_by_itself:
            visitor.wait(lambda: visitor.result_text().strip(), f"{page} shows no result")
        if starts_by_itself and "/fail-" in page and "/fail-warning" not in page:
            status = visitor.find(".shown .tag").text
            shown = " ".join(visitor.result_text().split())
            assert status in shown, f"{page} shows {shown!r}, not {status}"


def form_by_get(visitor, _):
    visitor.open("/demo/form-get.html")
    visitor.type("#name", "Grace & Ada")
    visitor.click("form button")
    visitor.address_shows("/cgi-bin/form.cgi?name=Grace+%26+Ada&language=C")
    visitor.result_shows("Grace & Ada")


def form_by_post(visitor, _):
    visitor.open("/demo/form-post.html")
    visitor.type("#name", "Zoë <Z>")
    visitor.type("#message", "two\nlines")
    visitor.click("form button")
    visitor.address_shows("/cgi-bin/form.cgi")
    visitor.result_shows("Zoë <Z>")
    visitor.result_shows("two\nlines")


def color_in_frame(visitor, _):
    visitor.open("/demo/color.html")
    visitor.type("#color", "tomato")
    visitor.click("form button")
    visitor.result_shows("This is tomato")


def upload(visitor, folder):
    content = os.urandom(UPLOAD_BYTES)
    path = os.path.join(folder, "file")
    with open(path, "wb") as file:
        file.write(content)
    visitor.open("/demo/upload.html")
    visitor.find("#file").send_keys(path)
    visitor.click("form button")
    visitor.wait(lambda: visitor.script("return document.querySelector('progress').value") == 100, "no 100 %")
    visitor.wait(lambda: visitor.find("#status").text == "100 % sent", "the page does not say 100 %")
    visitor.result_shows(f"{UPLOAD_BYTES} bytes")
    visitor.address_shows("/cgi-bin/upload.cgi")
    visitor.result_shows(hashlib.sha256(content).hexdigest())


def words(visitor, _):
    visitor.open("/demo/words.html")
    visitor.type("#words", "Łódź one+two")
    visitor.click("form button")
    visitor.result_shows("Arguments: 2")
    visitor.result_shows("Łódź")
    visitor.result_shows("one+two")


def clock(visitor, _):
    visitor.open("/demo/clock.html")
    empty = visitor.find("iframe[name=result]").size["height"]
    visitor.click_link("Start the clock")
    visitor.address_shows("/cgi-bin/clock.cgi")
    assert visitor.find("iframe[name=result]").size["height"] > empty, "the frame stays small"

    def lines():
        return [line for line in visitor.result_text().splitlines() if line.endswith("UTC")]

    first = visitor.wait(lines, "no line comes")
    assert len(first) < CLOCK_LINES, "the lines came all at once"
    visitor.wait(lambda: len(lines()) == CLOCK_LINES, "the last line does not come", 20)


def redirects(visitor, _):
    visitor.open("/demo/redirect.html")
    visitor.result_shows("Two kinds of redirect")
    visitor.click_link("Local redirect")
    visitor.result_shows("CGI works")
    visitor.address_shows("/cgi-bin/redirect.cgi?to=local")
    visitor.click_link("Client redirect")
    visitor.address_shows("/cgi-bin/check.cgi")
    visitor.result_shows("CGI works")


def picture(visitor):
    """The path of the picture in the frame, once it is there."""
    look = (
        "const image = document.querySelector('img[ismap]');"
        "return image && image.complete && image.naturalWidth > 0 && new URL(image.src).pathname"
    )
    return visitor.wait(
        lambda: visitor.in_frame("iframe[name=result]", lambda: visitor.script(look)), "there is no picture"
    )


def click_picture(visitor):
    image = visitor.find("img[ismap]")
    ActionChains(visitor.browser).move_to_element_with_offset(image, -40, -30).click().perform()


def mandelbrot(visitor, _):
    visitor.open("/demo/mandelbrot.html")
    before = picture(visitor)
    visitor.script("document.querySelector('iframe').scrollIntoView({behavior: 'instant'})")
    for level in 1, 2:
        visitor.in_frame("iframe[name=result]", lambda: click_picture(visitor))
        visitor.wait(lambda: picture(visitor) != before, "a click changes nothing")
        before = picture(visitor)
        assert f"/mandelbrot.cgi/{level}," in before, before
    address = visitor.find(".address").text
    # The frame may begin between two pixels.
    assert re.search(r"\?(119|120|121),(89|90|91)$", address), address


def console(visitor, _):
    errors = [entry for entry in visitor.browser.get_log("browser") if entry["level"] == "SEVERE"]
    # These are meant to fail.
    errors = [entry["message"] for entry in errors if "/cgi-bin/fail-" not in entry["message"]]
    assert not errors, errors


STEPS = [
    ("the colour form of the start page shows red", color_on_start_page),
    ("the lines for a terminal name this server", terminal_lines),
    ("every demonstration opens, with its source", every_demonstration),
    ("the colour form shows tomato in the frame", color_in_frame),
    ("a form sent by GET", form_by_get),
    ("a form sent by POST", form_by_post),
    ("an upload fills its bar and is summed", upload),
    ("words of one's own become arguments", words),
    ("the clock arrives line by line", clock),
    ("both redirects", redirects),
    ("clicks into the Mandelbrot set go deeper", mandelbrot),
    ("no error in the console", console),
]


def main():
    url, size, folder = sys.argv[1:]
    width, height = (int(number) for number in size.split("x"))
    browser = start_browser(width, height, folder)
    try:
        visitor = Visitor(browser, url, width)
        for name, step in STEPS:
            try:
                step(visitor, folder)
                print(f"ok browser {size}: {name}", flush=True)
            except (AssertionError, WebDriverException) as error:
                reason = " ".join(str(error).split())[:300]
                print(f"not ok browser {size}: {name}: {reason}", flush=True)
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
