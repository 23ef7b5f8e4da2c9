# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""What Scripts/curves asks for, and how each curve is drawn: plain values in, plain values out, and nothing is run.

Docs/Scale.md shows the curves and explains them."""

from __future__ import annotations

import collections
import json
import math

# name: as omnibus-bench and the file of the picture call it; across and up: what the axes say; is_logarithmic: whether
# it is drawn with a logarithmic axis across. The axis upwards always is, so that twice as much looks the same anywhere.
Drawing = collections.namedtuple("Drawing", "name title across up is_logarithmic")

DRAWINGS = [
    Drawing("subscriptions", "A message, among many subscriptions", "subscriptions", "ns per message", True),
    Drawing("subscribers", "A topic with many subscribers", "subscribers of the topic", "ns per delivery", True),
    Drawing("groups", "A topic with many groups", "groups of the topic", "ns per delivery", True),
    Drawing("publishers", "Many publishers, one handler", "publishers", "ns per message", True),
    Drawing("payloads", "Payloads of bytes", "bytes in the payload", "ns per message", True),
    Drawing("words", "Topics of many words", "words in the topic", "ns per message", False),
    Drawing("wildcards", "Wildcards among 100,000 patterns", "percent of them with a wildcard", "ns per match", False),
    Drawing("churn", "Subscribing beside many subscriptions", "subscriptions that stay", "ns", True),
    Drawing("memory", "Memory of subscriptions", "subscriptions", "bytes per subscription", True),
]


class CurveError(Exception):
    """Why a curve cannot be drawn."""


def parse_usage(text):
    """The points of each curve, from what omnibus-bench says when it is asked for none."""
    points = {}
    for line in text.splitlines():
        name, at, numbers = line.partition(" at ")
        if at and not name.startswith("usage"):
            points[name] = [int(number) for number in numbers.split()]
    missing = [drawing.name for drawing in DRAWINGS if drawing.name not in points]
    unknown = [name for name in points if name not in {drawing.name for drawing in DRAWINGS}]
    if missing or unknown:
        raise CurveError(f"omnibus-bench and the drawings differ about {', '.join(missing + unknown)}")
    return points


def parse(text):
    """The rows of a file of JSON lines; each says of which curve and line it is, and where."""
    rows = []
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CurveError(f"{line!r} is no JSON: {error}") from None
        if not isinstance(row, dict) or set(row) != {"curve", "line", "x", "y"}:
            raise CurveError(f'{line!r} is not an object of "curve", "line", "x" and "y"')
        if type(row["x"]) is not int or type(row["y"]) not in (int, float) or not math.isfinite(row["y"]):
            raise CurveError(f'{line!r} has an "x" or "y" that is no number')
        rows.append(row)
    return rows


def least(rows):
    """One row for each place of each line: what else a machine does makes a figure higher and never lower. In the order
    in which lines and places have come."""
    figures = {}
    for row in rows:
        place = (row["curve"], row["line"], row["x"])
        figures[place] = min(figures.get(place, math.inf), row["y"])
    return [dict(zip(("curve", "line", "x"), place), y=y) for place, y in figures.items()]


def text_of(rows):
    """The rows as a file of JSON lines, with figures as long as they mean something."""
    return "".join(json.dumps({**row, "y": shortened(row["y"])}) + "\n" for row in rows)


def shortened(figure):
    """A figure of three digits."""
    if figure == 0:
        return 0
    rounded = round(figure, 2 - math.floor(math.log10(abs(figure))))
    return int(rounded) if rounded == int(rounded) else rounded


def lines_of(rows, name):
    """The places of each line of a curve, in ascending order; refuses a curve without any."""
    lines = {}
    for row in rows:
        if row["curve"] == name:
            lines.setdefault(row["line"], []).append((row["x"], row["y"]))
    if not lines:
        raise CurveError(f"there are no figures of {name}")
    return {line: sorted(places) for line, places in lines.items()}
