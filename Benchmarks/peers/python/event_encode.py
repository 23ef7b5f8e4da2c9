# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""One thread writes CloudEvents in the JSON format with the cloudevents package: event_encode.py COUNT prints the
nanoseconds that one event took."""

import sys
import time

from cloudevents.core.formats.json import JSONFormat
from sample_event import sample_event


def encode(count):
    event, form, total = sample_event(), JSONFormat(), 0
    start = time.perf_counter_ns()
    for _ in range(count):
        total += len(form.write(event))
    elapsed = time.perf_counter_ns() - start
    if total <= count * 1024:
        raise SystemExit("the events are too short")
    return elapsed / count


count = int(sys.argv[1])
encode(count // 10 + 1)  # warm-up
print(f"{encode(count):.1f}")
