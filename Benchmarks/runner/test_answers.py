# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""That contestants which do the same work have to find the same."""

import unittest

from answers import Answers, Disagreement


class Comparing(unittest.TestCase):
    def test_those_who_agree(self):
        answers = Answers()
        for contestant in ("omnibus", "nats", "omnibus"):
            answers.compare("match-37000", 1_000, contestant, 1_787)

    def test_those_who_did_other_work(self):
        answers = Answers()
        answers.compare("match-37000", 1_000, "omnibus", 1_787)
        answers.compare("match-37000", 2_000, "nats", 3_574)
        answers.compare("match-cached", 1_000, "nats", 1_790)

    def test_those_who_disagree(self):
        answers = Answers()
        answers.compare("match-37000", 1_000, "omnibus", 1_787)
        with self.assertRaises(Disagreement) as raised:
            answers.compare("match-37000", 1_000, "nats", 1_788)
        self.assertEqual(str(raised.exception), "match-37000: of 1000, omnibus found 1787 and nats 1788")


if __name__ == "__main__":
    unittest.main()
