# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""The event that the Swift program makes too, as the cloudevents package has it."""

from datetime import datetime, timezone

from cloudevents.core.v1.event import CloudEvent


def sample_event():
    items = [{"id": n, "price": n + 0.5, "name": f"item {n}", "ok": True} for n in range(16)]
    return CloudEvent(
        {
            "specversion": "1.0", "id": "A234-1234-1234", "source": "https://example.com/shop",
            "type": "com.example.order.placed", "subject": "order 7",
            "time": datetime(2026, 2, 28, 8, 30, 0, 250_000, timezone.utc), "datacontenttype": "application/json",
            "partitionkey": "customer 7",
        },
        {"items": items, "text": "An order, \"quoted\". " * 12},
    )
