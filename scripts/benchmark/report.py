"""Medians over the rounds, and the table of a case."""

import statistics

FIGURES = ("value", "p50_ms", "p99_ms", "pss_mib", "cpu_per_100k", "empty_value", "of_empty")


def medians(rounds):
    """The median of each figure over the rounds. One error in one of them is enough, and there is no figure."""
    result = {"errors": [error for row in rounds for error in row["errors"]],
              "note": next((row["note"] for row in rounds if "note" in row), None)}
    for name in FIGURES:
        known = [row[name] for row in rounds if row.get(name) is not None]
        result[name] = statistics.median(known) if known and not result["errors"] else None
    return result


def sound(case):
    """The medians of those servers that made no error, best first."""
    rows = [(name, entry["median"]) for name, entry in case["servers"].items()
            if entry["median"]["value"] is not None]
    return sorted(rows, key=lambda row: row[1]["value"], reverse=case["more_is_better"])


def best_peer(case):
    """(name, medians) of the best server that is not tinyhttpd, or None."""
    return next((row for row in sound(case) if row[0] != "tinyhttpd"), None)


def ratio_to(case, name):
    """What tinyhttpd's figure is of another server's; None unless both are sound."""
    figures = {server: median["value"] for server, median in sound(case)}
    if name not in figures or "tinyhttpd" not in figures or not figures[name]:
        return None
    return figures["tinyhttpd"] / figures[name]


def heading(results):
    machine = results["machine"]
    return (f"{results['date']}: {machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, "
            f"load before {machine['load_before']}\n{results['command']}"
            + (f": {rounds_in_words(results)}\n" if results["rounds"] else "\n")
             + "\n".join(f"  {name}: {text}" for name, text in results["versions"].items()))


def rounds_in_words(results):
    if results["rounds"] == 1:
        return f"one round of {results['seconds']:g} s"
    return f"medians of {results['rounds']} rounds of {results['seconds']:g} s"


def number(value, digits=None):
    """A figure for people: whole from 100 on, else with enough digits; a dash when it is not known."""
    if value is None:
        return "-"
    if digits is None:
        digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def table(name, case):
    """The table of one case, best server first, those with errors last, without figures."""
    columns = "{:14} {:>13} {:>11} {:>9} {:>9} {:>9} {:>11}  {}"
    lines = ["", f"{name}: {case['title']}", columns.format(
        "", case["unit"], "tinyhttpd ÷", "p50 ms", "p99 ms", "PSS MiB", "CPU s/100k", "errors")]
    good = sound(case)
    bad = [(server, entry["median"]) for server, entry in case["servers"].items()
           if server not in dict(good)]
    for server, median in good + bad:
        errors = "; ".join(dict.fromkeys(median["errors"]))
        lines.append(columns.format(
            server, number(median["value"]), number(ratio_to(case, server), 2), number(median["p50_ms"], 2),
            number(median["p99_ms"], 2), number(median["pss_mib"]), number(median["cpu_per_100k"]),
            f"! {errors}" if errors else "none"))
        lines += remarks(server, median, case["compared_with"])
    lines += [f"{server:14} left out: {reason}" for server, reason in case["left_out"].items()]
    return "\n".join(lines + summary(case))


def remarks(server, median, compared_with):
    """What a server's line has no column for."""
    lines = []
    if median["of_empty"] is not None:
        lines.append(f"  {server}: {median['of_empty']:.2f} × its own {number(median['empty_value'])} {compared_with}")
    if median["note"]:
        lines.append(f"  {server}: {median['note']}")
    return lines


def summary(case):
    """The lines that people look for."""
    best = best_peer(case)
    if not best or ratio_to(case, best[0]) is None:
        return []
    best_name = "nginx as installed" if best[0] == "nginx" else best[0]
    parts = [f"{ratio_to(case, best[0]):.2f} × the best peer ({best_name})"]
    if best[0] != "nginx" and ratio_to(case, "nginx") is not None:
        parts.append(f"{ratio_to(case, 'nginx'):.2f} × nginx as installed")
    lines = [f"tinyhttpd: {', '.join(parts)}" + ("" if case["more_is_better"] else " (less is better)")]
    p99_of_best = best[1]["p99_ms"]
    if p99_of_best:
        own = case["servers"]["tinyhttpd"]["median"]["p99_ms"]
        lines.append(f"p99: {own / p99_of_best:.2f} × the best peer's (less is better)")
    return lines


def counts_table(counts):
    """What one request costs tinyhttpd, case by case."""
    columns = "{:14} {:>11} {:>12} {:>12}  {}"
    lines = ["", "tinyhttpd: what one request takes",
             columns.format("", "connections", "instructions", "system calls", "")]
    for name, row in counts.items():
        if row["errors"]:
            lines.append(columns.format(name, row["connections"], "-", "-", f"! {'; '.join(row['errors'])}"))
        else:
            lines.append(columns.format(
                name, row["connections"], f"{row['instructions']:,}", f"{sum(row['system_calls'].values()):.2f}",
                ", ".join(f"{call} {number:.2f}" for call, number in row["system_calls"].items())))
    return "\n".join(lines)
