# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""One publisher, one asynchronous handler on a bus of bubus: one_to_one.py COUNT prints the nanoseconds that one
message took."""

import asyncio
import logging
import sys
import time

from bubus import BaseEvent, EventBus

logging.disable(logging.CRITICAL)


class Tick(BaseEvent):
    n: int
    name: str


async def one_to_one(count):
    # Its history is off, as ours is by default, and its queue has the bound that it has by default.
    bus = EventBus(max_history_size=0)
    total = handled = 0
    done = asyncio.Event()

    async def handle(event):
        nonlocal total, handled
        total += event.n
        handled += 1
        if handled == count:
            done.set()

    bus.on(Tick, handle)
    start = time.perf_counter_ns()
    waiting = []
    for n in range(count):
        waiting.append(bus.dispatch(Tick(n=n, name="tick")))
        # It refuses beyond some dozens: a publisher has to wait.
        if len(waiting) == 32:
            for event in waiting:
                await event
            waiting.clear()
    await done.wait()
    elapsed = time.perf_counter_ns() - start

    if total != count * (count - 1) // 2:
        raise SystemExit("the handler did not see every message")
    await bus.stop()
    return elapsed / count


count = int(sys.argv[1])
asyncio.run(one_to_one(count // 10 + 1))  # warm-up
print(f"{asyncio.run(one_to_one(count)):.1f}")
