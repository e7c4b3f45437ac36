#!/usr/bin/env bash
# The guide of the site: that its links lead somewhere, down to the function in the source that they name,
# that its pages are whole, and that the source it shows is the source.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need python3
top=$(realpath "$(dirname "$0")/../..")
rm -rf "$root"
cp -R "$top/htdocs" "$root"
rm -rf "$root/guide/source"
start_server --threads 8

# inspect RULE: says what breaks the rule, and fails.
inspect() { python3 "$work/inspect.py" "$1" "$url" "$root" "$top"; }

cat >"$work/inspect.py" <<'END'
import html, html.parser, os, re, sys, urllib.error, urllib.parse, urllib.request, xml.etree.ElementTree

rule, url, root, top = sys.argv[1:]
guide = os.path.join(root, "guide")
written = sorted(name for name in os.listdir(guide) if name.endswith(".html"))
broken = []


class Page(html.parser.HTMLParser):
    """What the rules ask of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.hrefs, self.sources, self.tags, self.attributes = [], [], [], [], []
        self.title, self.in_title = "", False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.attributes.append((tag, attributes))
        self.in_title = self.in_title or (tag == "title" and "svg" not in self.tags)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if "href" in attributes:
            self.hrefs.append(attributes["href"])
        if "src" in attributes:
            self.sources.append(attributes["src"])

    def handle_endtag(self, tag):
        self.in_title = self.in_title and tag != "title"

    def handle_data(self, data):
        if self.in_title:
            self.title += data


def text_of(name):
    with open(os.path.join(guide, name), encoding="utf-8") as file:
        return file.read()


def pages():
    """The guide's own pages, and those that were made from the source."""
    made = [os.path.join("source", name) for name in sorted(os.listdir(os.path.join(guide, "source")))]
    return [(name, Page(text_of(name))) for name in written + made]


answers = {}


def answer_to(path):
    """The status and, of a page, its ids. Each address is asked for once."""
    if path not in answers:
        try:
            with urllib.request.urlopen(url + path, timeout=20) as answer:
                is_page = answer.headers.get_content_type() == "text/html"
                body = answer.read()
                answers[path] = (answer.status, Page(body.decode()).ids if is_page else [])
        except urllib.error.HTTPError as error:
            answers[path] = (error.code, [])
    return answers[path]


def links():
    count = 0
    for name, page in pages():
        for link in page.hrefs + page.sources:
            whole = urllib.parse.urljoin(url + "/guide/" + name, link)
            if not whole.startswith(url + "/"):
                continue
            count += 1
            address, fragment = urllib.parse.urldefrag(whole)
            status, ids = answer_to(address[len(url):])
            if status != 200:
                broken.append(f"{name}: {link}: {status}")
            elif fragment and urllib.parse.unquote(fragment) not in ids:
                broken.append(f"{name}: {link}: no such place in that page")
    if count < 500:
        broken.append(f"only {count} links were found")


def whole_pages():
    for name, page in pages():
        metas = [attributes.get("name") for tag, attributes in page.attributes if tag == "meta"]
        languages = [attributes.get("lang") for tag, attributes in page.attributes if tag == "html"]
        handlers = [key for _, attributes in page.attributes for key in attributes if key.startswith("on")]
        for holds, what in ((page.title.strip(), "no title"), (languages == ["en"], "no lang"),
                            ("viewport" in metas, "no viewport"), (page.tags.count("h1") == 1, "not one h1"),
                            (len(page.ids) == len(set(page.ids)), "an id twice"),
                            (not handlers and "script" not in page.tags, "a script in it")):
            if not holds:
                broken.append(f"{name}: {what}")


def drawings():
    count = 0
    for name in written:
        for drawing in re.findall(r"<svg.*?</svg>", text_of(name), re.DOTALL):
            count += 1
            try:
                svg = xml.etree.ElementTree.fromstring(drawing)
            except xml.etree.ElementTree.ParseError as error:
                broken.append(f"{name}: {error}")
                continue
            if svg.get("role") != "img" or svg.find("title") is None or svg.find("desc") is None:
                broken.append(f"{name}: a drawing without its role, title or description")
    if count < 6:
        broken.append(f"only {count} drawings were found")


def sources():
    folders = [os.path.join(top, "src"), os.path.join(top, "include", "tinyhttpd")]
    files = [os.path.join(folder, name) for folder in folders for name in os.listdir(folder)
             if name.endswith((".cpp", ".hpp"))]
    index = text_of("source/index.html")
    for file in files:
        name = os.path.basename(file)
        if f'href="{name}.html"' not in index:
            broken.append(f"{name} is not in the index")
        listing = re.search(r'<pre class="source"><code>(.*)</code></pre>', text_of(f"source/{name}.html"), re.DOTALL)
        with open(file, encoding="utf-8") as original:
            if html.unescape(re.sub(r"<[^>]*>", "", listing.group(1))) != original.read():
                broken.append(f"{name} is shown otherwise than it is")


{"links": links, "pages": whole_pages, "drawings": drawings, "sources": sources}[rule]()
if broken:
    print(f"{len(broken)} in all: " + "; ".join(broken[:5]))
    sys.exit(1)
END

makes_sources() { "$top/scripts/guide-sources" "$root/guide/source"; }
usage() {
  "$top/scripts/guide-sources" >"$work/said" 2>&1
  is $? 2 && grep -q '^usage: guide-sources' "$work/said"
}

check "guide: the source becomes pages" makes_sources
check "guide: guide-sources without a folder says how it is used" usage
check "guide: every link leads somewhere, down to the function it names" inspect links
check "guide: every page has a title, a language, a viewport, one heading, and no id twice" inspect pages
check "guide: the drawings are well-formed, and described" inspect drawings
check "guide: the source it shows is the source" inspect sources
