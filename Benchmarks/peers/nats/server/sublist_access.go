// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// What the server keeps to itself and the program needs: compiled as if it lay beside the server's own files, by the
// overlay that Scripts/bench writes.
package server

// OmnibusBenchSubscription makes something that can be inserted.
func OmnibusBenchSubscription(subject string) *subscription {
	return &subscription{subject: []byte(subject)}
}

// OmnibusBenchCount tells how many were found.
func (result *SublistResult) OmnibusBenchCount() int { return len(result.psubs) }
