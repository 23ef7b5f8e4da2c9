# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""Compares what contestants have found: those that did the same work must have found the same."""


class Disagreement(Exception):
    """Who found what."""


class Answers:
    """What was found by each question and number of messages, and by whom first."""

    def __init__(self):
        self._found = {}

    def compare(self, question, count, contestant, answer):
        """Raises Disagreement where somebody else has found something else."""
        other, found = self._found.setdefault((question, count), (contestant, answer))
        if found != answer:
            raise Disagreement(f"{question}: of {count}, {other} found {found:.0f} and {contestant} {answer:.0f}")
