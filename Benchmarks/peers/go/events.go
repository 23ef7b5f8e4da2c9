// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// A CloudEvent in the JSON format, as the standard library writes and reads it.
type cloudEvent struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject,omitempty"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype,omitempty"`
	PartitionKey    string    `json:"partitionkey,omitempty"`
	Data            any       `json:"data"`
}

// The event that the Swift program makes too.
func sampleEvent() cloudEvent {
	items := make([]any, 16)
	for n := range items {
		items[n] = map[string]any{"id": n, "price": float64(n) + 0.5, "name": "item " + strconv.Itoa(n), "ok": true}
	}
	return cloudEvent{
		SpecVersion: "1.0", ID: "A234-1234-1234", Source: "https://example.com/shop", Type: "com.example.order.placed",
		Subject: "order 7", Time: time.Date(2026, 2, 28, 8, 30, 0, 250_000_000, time.UTC),
		DataContentType: "application/json", PartitionKey: "customer 7",
		Data: map[string]any{"items": items, "text": strings.Repeat("An order, \"quoted\". ", 12)},
	}
}

func encodeEvents(count int) time.Duration {
	event := sampleEvent()
	sum := 0
	start := time.Now()
	for n := 0; n < count; n++ {
		bytes, err := json.Marshal(event)
		if err != nil {
			fail(err.Error())
		}
		sum += len(bytes)
	}
	elapsed := time.Since(start)
	if sum <= count*1024 {
		fail("the events are too short")
	}
	return elapsed
}

func decodeEvents(count int) time.Duration {
	bytes, err := json.Marshal(sampleEvent())
	if err != nil {
		fail(err.Error())
	}
	start := time.Now()
	for n := 0; n < count; n++ {
		var event cloudEvent
		if err := json.Unmarshal(bytes, &event); err != nil {
			fail(err.Error())
		}
		if event.SpecVersion != "1.0" || event.ID == "" || event.Source == "" || event.Type == "" {
			fail("an event was read wrongly")
		}
	}
	return time.Since(start)
}
