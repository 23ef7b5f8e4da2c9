// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// The patterns and topics, by the rule that the Swift program's MatchRule explains; its # is > here.
type matchRule struct{ count int }

func (rule matchRule) pattern(i int) string {
	x := scrambled(i)
	tenant, agent, task, step := i%10, i/10%100, i/1000, x%8
	switch x / 8 % 10 {
	case 0:
		return fmt.Sprintf("tenant%d.*.task%d.step%d", tenant, task, step)
	case 1:
		return fmt.Sprintf("tenant%d.agent%d.task%d.*", tenant, agent, task)
	case 2:
		return fmt.Sprintf("tenant%d.agent%d.task%d.>", tenant, agent, task)
	default:
		return fmt.Sprintf("tenant%d.agent%d.task%d.step%d", tenant, agent, task, step)
	}
}

func (rule matchRule) topic(j int) string {
	i := scrambled(j) % rule.count
	return fmt.Sprintf("tenant%d.agent%d.task%d.step%d", i%10, i/10%100, i/1000, (scrambled(i)+j%2)%8)
}

func scrambled(n int) int {
	return int((uint64(n) * 0x9E3779B97F4A7C15) >> 40)
}
