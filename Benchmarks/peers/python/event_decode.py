# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""One thread reads CloudEvents in the JSON format with the cloudevents package: event_decode.py COUNT prints the
nanoseconds that one event took."""

import sys
import time

from cloudevents.core.formats.json import JSONFormat
from sample_event import sample_event


def decode(count):
    form = JSONFormat()
    data = form.write(sample_event())
    start = time.perf_counter_ns()
    for _ in range(count):
        if form.read(None, data).get_id() != "A234-1234-1234":
            raise SystemExit("an event was read wrongly")
    return (time.perf_counter_ns() - start) / count


count = int(sys.argv[1])
decode(count // 10 + 1)  # warm-up
print(f"{decode(count):.1f}")
