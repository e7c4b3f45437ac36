"""Draws the results as SVG: a line for each case, each server's figure as a part of the best peer's."""

from html import escape

import report

WIDTH, TITLE_WIDTH, TEXT_WIDTH, ROW, TOP = 900, 292, 230, 36, 92  # a README is about 900 px wide
FULL_SCALE = 2.0  # of the best peer; what is beyond is drawn at the edge
NAMED = ("lighttpd", "h2o", "nginx")  # have a colour of their own; in the order in which they are drawn
LINE = 17
SCALE = (WIDTH - TITLE_WIDTH - TEXT_WIDTH) / FULL_SCALE

STYLE = """
  svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d0d7de;
        --own: #0969da; --peer: #818b98; --nginx: #1a7f37; --lighttpd: #bc4c00; --h2o: #8250df; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --line: #30363d;
          --own: #1f6feb; --peer: #9198a1; --nginx: #3fb950; --lighttpd: #f0883e; --h2o: #bc8cff; }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink); }
  .faint { fill: var(--faint); font-size: 12px; } .heading { font-size: 17px; font-weight: 600; }
  .number { font-weight: 600; }
  .paper { fill: var(--paper); } .own { fill: var(--own); } .peer { fill: var(--peer); } .nginx { fill: var(--nginx); }
  .lighttpd { fill: var(--lighttpd); } .h2o { fill: var(--h2o); }
  circle { stroke: var(--paper); stroke-width: 1.2; }
  .line { stroke: var(--line); } .best { stroke: var(--faint); stroke-dasharray: 4 3; }
"""


def draw(results):
    """The whole picture."""
    rows = [case for case in results["cases"].values() if report.best_peer(case)]
    bottom = TOP + ROW * len(rows)
    words = footer(results)
    height = bottom + 26 + LINE * len(words)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
             f'aria-label="tinyhttpd compared with other servers">', f"<style>{STYLE}</style>",
             f'<rect class="paper" width="{WIDTH}" height="{height}" rx="8"/>',
             text(16, 28, "tinyhttpd beside other servers", "heading"), *legend(), *axis(bottom)]
    for index, case in enumerate(rows):
        parts += draw_case(case, TOP + ROW * index)
    parts += [text(16, bottom + 28 + LINE * index, line, "faint") for index, line in enumerate(words)]
    return "\n".join(parts + ["</svg>", ""])


def text(x, y, content, style="", anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{style}" text-anchor="{anchor}">{escape(content)}</text>'


def legend():
    """What the marks mean."""
    parts = ['<rect class="own" x="16" y="43" width="22" height="10" rx="2"/>', text(44, 53, "tinyhttpd", "faint")]
    dots = (("nginx", "nginx as installed"), ("lighttpd", "lighttpd"), ("h2o", "h2o"), ("peer", "another server"))
    for x, (style, name) in zip((124, 262, 338, 392), dots):
        parts += [f'<circle class="{style}" cx="{x}" cy="48" r="4.5"/>', text(x + 9, 53, name, "faint")]
    better = "further to the right is better: more requests, or less memory"
    return parts + [text(WIDTH - 16, 53, better, "faint", "end")]


def axis(bottom):
    """The line of the best peer, and a few others to read by."""
    parts = []
    for value in (0, 0.5, 1, 1.5, 2):
        x = TITLE_WIDTH + value * SCALE
        style = "best" if value == 1 else "line"
        parts.append(f'<line class="{style}" x1="{x:.0f}" x2="{x:.0f}" y1="{TOP - 4}" y2="{bottom}"/>')
        label = "best peer" if value == 1 else f"{value:g} ×" if value else "0"
        parts.append(text(x, TOP - 12, label, "faint", "middle"))
    return parts


def goodness(case, value):
    """A figure as a part of the best peer's, more being better."""
    best = report.best_peer(case)[1]["value"]
    if case["more_is_better"]:
        return value / best if best else 0
    return best / value if value else FULL_SCALE


def draw_case(case, y):
    """One line of the picture: its name, tinyhttpd's bar, the others' dots, and the figures in words."""
    middle, parts = y + ROW / 2, [text(16, y + ROW / 2 + 4, case["title"])]
    rows = dict(report.sound(case))
    own = rows.pop("tinyhttpd", None)
    if own:
        width = min(goodness(case, own["value"]), FULL_SCALE) * SCALE
        parts.append(f'<rect class="own" x="{TITLE_WIDTH}" y="{middle - 6:.0f}" width="{width:.1f}" height="12" rx="2">'
                     f"<title>tinyhttpd: {figure(case, own)}</title></rect>")
    for name in sorted(rows, key=lambda server: NAMED.index(server) if server in NAMED else -1):
        x = TITLE_WIDTH + min(goodness(case, rows[name]["value"]), FULL_SCALE) * SCALE
        style = name if name in NAMED else "peer"
        parts.append(f'<circle class="{style}" cx="{x:.1f}" cy="{middle:.0f}" r="4.5">'
                     f"<title>{escape(name)}: {figure(case, rows[name])}</title></circle>")
    x = WIDTH - TEXT_WIDTH + 12
    best = report.best_peer(case)
    parts.append(text(x, middle - 2, own_figure(case, own), "number"))
    parts.append(text(x, middle + 13, f"{best[0]}: {report.number(best[1]['value'])}", "faint"))
    return parts


def own_figure(case, own):
    """tinyhttpd's figure, and what it is of the best peer's."""
    if not own:
        return "no sound figure"
    ratio = report.ratio_to(case, report.best_peer(case)[0])
    return f"{figure(case, own)} · {ratio:.2f} ×" + ("" if case["more_is_better"] else " as much")


def figure(case, median):
    return f"{report.number(median['value'])} {case['unit']}"


def footer(results):
    """What has no bar; when, where and how."""
    machine = results["machine"]
    own = [(case, case["servers"]["tinyhttpd"]["median"]["of_empty"]) for case in results["cases"].values()]
    beside = [f"{case['title']}: {ratio:.2f} × its own rate {case['compared_with']}" for case, ratio in own if ratio]
    return ["The second line of figures is the best of the other servers'.",
            *(f"tinyhttpd itself: {words}" for words in beside), "",
            f"{results['date'][:10]} · {machine['cpu']}, {machine['cores']} cores · Linux {machine['kernel']}",
            f"{results['command']}: {report.rounds_in_words(results)}, over loopback, the load on the same machine.",
            "Compare within one picture only: another machine, or another hour, gives other figures."]
