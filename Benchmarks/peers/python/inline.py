# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""One publisher, one listener of pyee's EventEmitter, called in place: inline.py COUNT prints the nanoseconds that one
message took."""

import sys
import time
from dataclasses import dataclass

from pyee import EventEmitter


@dataclass
class Tick:
    n: int
    name: str


def inline(count):
    emitter = EventEmitter()
    total = handled = 0

    @emitter.on("bench.tick")
    def handle(event):
        nonlocal total, handled
        total += event.n
        handled += 1

    start = time.perf_counter_ns()
    for n in range(count):
        emitter.emit("bench.tick", Tick(n, "tick"))
    elapsed = time.perf_counter_ns() - start

    if handled != count or total != count * (count - 1) // 2:
        raise SystemExit("the handler did not see every message")
    return elapsed / count


count = int(sys.argv[1])
inline(count // 10 + 1)  # warm-up
print(f"{inline(count):.1f}")
