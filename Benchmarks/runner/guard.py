# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""Judges figures by the rows of Benchmarks/targets.json: plain values in, plain values out, and nothing is run.

Docs/Benchmarking.md explains what a row says, and what counts as noise. Less is better for every figure."""

from __future__ import annotations

import collections
import json
import math
import statistics

# However much the rounds differ, no more than this share of a figure counts as noise.
MOST_NOISE = 0.25

# A figure that is a count is the same on every machine; all others need a peer or a machine to be judged by.
COUNTS = ("allocations",)

# Figures that not every machine can give.
OPTIONAL = ("instructions",)

# of: QUESTION/CONTESTANT; to: the peer that its figure is divided by, or None; machine: the kind of machine that the
# row is for, or None; goal: what is to be reached, or None; held: the looser limit of today, None where it is the goal.
Row = collections.namedtuple("Row", "of figure to machine goal held")

# value and noise: None where there is nothing to judge, and reason says why; status: one of those below.
Verdict = collections.namedtuple("Verdict", "row value noise status reason")

REACHED, HELD, SHORT, SKIPPED = "reached", "held", "falls short", "skipped"


class GuardError(Exception):
    """Why nothing can be judged."""


# What the file says


def read(path):
    """What parse finds in a file."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read())
    except (OSError, UnicodeDecodeError) as error:
        raise GuardError(str(error)) from None


def parse(text):
    """The kinds of machine and the rows that the text of a file of targets holds."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise GuardError(f"it is no JSON: {error}") from None
    if not isinstance(document, dict) or set(document) != {"machines", "rows"}:
        raise GuardError('it is not an object of "machines" and "rows"')
    machines, rows = document["machines"], document["rows"]
    if not isinstance(machines, dict) or not isinstance(rows, list):
        raise GuardError('"machines" is an object, and "rows" a list')
    for name, machine in machines.items():
        if not (isinstance(machine, dict) and set(machine) == {"processors", "model"}
                and isinstance(machine["processors"], int) and isinstance(machine["model"], str)):
            raise GuardError(f'machine {name}: it has "processors", a whole number, and "model", a string')
    parsed = [parse_row(row, machines) for row in rows]
    for row, number in collections.Counter((row.of, row.figure, row.to, row.machine) for row in parsed).items():
        if number > 1:
            raise GuardError(f"{' '.join(part for part in row if part)}: there are {number} rows of this name")
    return machines, parsed


def parse_row(row, machines):
    """One row, or the reason why it is none."""
    if not isinstance(row, dict) or not isinstance(row.get("of"), str) or row["of"].count("/") != 1:
        raise GuardError(f'{row}: a row is an object with "of": "QUESTION/CONTESTANT"')
    unknown = set(row) - set(Row._fields)
    if unknown:
        raise GuardError(f"{row['of']}: nothing in a row is called {', '.join(sorted(unknown))}")
    parsed = Row(row["of"], row.get("figure", "time"), row.get("to"), row.get("machine"), row.get("goal"),
                 row.get("held"))
    name = name_of(parsed)
    if not all(isinstance(part, (str, type(None))) for part in parsed[:4]) or parsed.figure is None:
        raise GuardError(f"{name}: names are strings")
    for number in (parsed.goal, parsed.held):
        if number is not None and not (type(number) in (int, float) and math.isfinite(number) and number >= 0):
            raise GuardError(f"{name}: {number!r} is no number from 0")
    if parsed.goal is None and parsed.held is None:
        raise GuardError(f"{name}: it has neither a goal nor a limit that is held")
    if None not in (parsed.goal, parsed.held) and parsed.held <= parsed.goal:
        raise GuardError(f"{name}: what is held is no looser than the goal; leave it out where the goal is reached")
    if parsed.machine is not None and parsed.machine not in machines:
        raise GuardError(f"{name}: no kind of machine is called {parsed.machine}")
    judged_by = (parsed.to is not None) + (parsed.machine is not None)
    if judged_by != (0 if parsed.figure in COUNTS else 1):
        raise GuardError(f'{name}: a count has neither "to" nor "machine", every other figure has one of them')
    return parsed


def name_of(row):
    """What a row is called in tables and errors."""
    return row.of + ("" if row.figure == "time" else f" {row.figure}") + (f" / {row.to}" if row.to else "")


def limit_of(row):
    """What the figure must not exceed."""
    return row.goal if row.held is None else row.held


def check_names(rows, contestants):
    """Refuses rows of questions or contestants that there are not; takes the contestants of each question."""
    for row in rows:
        question, contestant = row.of.split("/")
        for name in (contestant, row.to):
            if name is not None and name not in contestants.get(question, ()):
                raise GuardError(f"{name_of(row)}: nobody called {name} answers a question {question}")


def machine_of(machines, processors, model):
    """The kinds of machine that one with so many processors of this model is."""
    return [name for name, machine in machines.items()
            if machine["processors"] == processors and machine["model"] in model]


# What is judged


def spread(values):
    """How far the median of the rounds is from the best of them, as a share of it."""
    median = statistics.median(values)
    return (median - min(values)) / median if median > 0 else 0.0


def judge(rows, figures, kinds):
    """A verdict for each row whose question was asked.

    figures: the values of all rounds by question, contestant and figure. kinds: what machine_of has returned."""
    return [verdict(row, figures[row.of.split("/")[0]], kinds) for row in rows if row.of.split("/")[0] in figures]


def verdict(row, figures, kinds):
    """Judges one row by the figures of its question."""
    contestant = row.of.split("/")[1]
    if row.machine is not None and row.machine not in kinds:
        return Verdict(row, None, None, SKIPPED, f"for a machine called {row.machine} only")
    for name in (contestant, row.to):
        if name is not None and name not in figures:
            return Verdict(row, None, None, SKIPPED, f"{name} is missing here")
    if row.figure in OPTIONAL and any(row.figure not in figures[name] for name in (contestant, row.to or contestant)):
        return Verdict(row, None, None, SKIPPED, "cannot be counted here")
    ours = values_of(row, figures, contestant)
    if row.figure in COUNTS and min(ours) < 0:
        return Verdict(row, None, None, SKIPPED, "cannot be counted here")
    value, noise = statistics.median(ours), spread(ours)
    if row.to is not None:
        theirs = values_of(row, figures, row.to)
        if min(theirs) <= 0:
            raise GuardError(f"{name_of(row)}: a figure of {row.to} is not above 0")
        # Their noise has made them slower, and our ratio better: it excuses nothing.
        value /= statistics.median(theirs)
    noise = value * min(noise, MOST_NOISE)
    if value - noise > limit_of(row):
        return Verdict(row, value, noise, SHORT, None)
    return Verdict(row, value, noise, REACHED if row.goal is not None and value <= row.goal else HELD, None)


def values_of(row, figures, contestant):
    """The rounds of a contestant; refuses what would compare as if it were good."""
    values = figures[contestant].get(row.figure)
    if not values:
        raise GuardError(f"{name_of(row)}: {contestant} has no figure called {row.figure}")
    if not all(math.isfinite(value) for value in values):
        raise GuardError(f"{name_of(row)}: {contestant} has figures that are no numbers")
    return values


def has_failed(verdicts):
    """Whether a figure falls short, or there was nothing that could have."""
    return not verdicts or any(verdict.status == SHORT for verdict in verdicts) \
        or all(verdict.status == SKIPPED for verdict in verdicts)


# What is printed


def text_of(value):
    """A number as short as it can be told from its limit."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def report(verdicts):
    """The lines of a table, of the failures, and of the goals that are not reached yet."""
    width = max((len(name_of(verdict.row)) for verdict in verdicts), default=0)
    lines = [f"{'':<{width}}{'goal':>10}{'limit':>10}{'figure':>10}{'noise':>10}  verdict"]
    for row, value, noise, status, reason in verdicts:
        cells = "".join(f"{text_of(number):>10}" for number in (row.goal, limit_of(row), value, noise))
        lines.append(f"{name_of(row):<{width}}{cells}  {status}{f': {reason}' if reason else ''}")
    for verdict in verdicts:
        row = verdict.row
        if verdict.status == SHORT:
            lines.append(f"FALLS SHORT: {name_of(row)} is {text_of(verdict.value)}, "
                         f"its limit is {text_of(limit_of(row))}, and its noise {text_of(verdict.noise)}.")
        elif verdict.status == REACHED and row.held is not None:
            lines.append(f'The goal of {name_of(row)} is reached: its "held" can go.')
    unreached = [verdict for verdict in verdicts
                 if verdict.row.goal is not None and verdict.status in (HELD, SHORT)]
    if unreached:
        lines.append("Goals that are not reached yet:")
        lines += [f"  {name_of(verdict.row)}: {text_of(verdict.value)} instead of {text_of(verdict.row.goal)}"
                  for verdict in unreached]
    if all(verdict.status == SKIPPED for verdict in verdicts):
        lines.append("NOTHING WAS JUDGED: no row could be compared.")
    return lines
