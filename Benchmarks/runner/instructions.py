# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""Counts the instructions that a message costs, in all threads and outside the kernel.

Perf counts them where the processor has a counter and lets it be read; else Valgrind does, which runs one thread at a
time. A program is run with two numbers of messages and the difference taken, so that starting it does not count."""

import os
import re
import shutil
import subprocess

PERF = ["perf", "stat", "-x,", "-e", "instructions:u", "--"]
VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", "--fair-sched=try"]


def counter():
    """The name of what counts instructions here and the words before a command with it; None where nothing does."""
    if shutil.which("perf") and counted_by_perf(run(PERF + ["true"]).stderr) is not None:
        return "perf", PERF
    if shutil.which("valgrind"):
        return "valgrind", VALGRIND
    return None


def counted_by_perf(text):
    """The number in what `perf stat -x,` has printed; None where it was not counted."""
    found = re.search(r"^(\d+),[^,]*,instructions", text, re.MULTILINE)
    return int(found.group(1)) if found else None


def counted_by_valgrind(text):
    """The number in what Valgrind's Cachegrind has printed; None where there is none."""
    found = re.search(r"\bI\s+refs:\s+([\d,]+)", text)
    return int(found.group(1).replace(",", "")) if found else None


def per_message(counter, command_of, count):
    """The instructions of each message, by a program's runs with this number of messages and three times as many;
    None where one of them could not be counted."""
    name, words = counter
    read = {"perf": counted_by_perf, "valgrind": counted_by_valgrind}[name]
    totals = []
    for number in (count, count * 3):
        answer = run(words + command_of(number))
        total = read(answer.stderr) if answer.returncode == 0 else None
        if total is None:
            return None
        totals.append(total)
    return (totals[1] - totals[0]) / (count * 2)


def run(asked):
    """Runs a command; one that hangs under the counter has failed."""
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=120, env={**os.environ, "LC_ALL": "C"})
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(asked, 1, "", "")
