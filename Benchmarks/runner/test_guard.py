# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""That the guard fails when it should, and only then: python3 -B -m unittest discover -s Benchmarks/runner"""

import json
import os
import unittest

import guard

TARGETS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "targets.json")
MACHINES = {"small": {"processors": 2, "model": "EPYC"}}


def rows(*written):
    return guard.parse(json.dumps({"machines": MACHINES, "rows": list(written)}))[1]


def judge(row, ours, theirs=None, figure="time", kinds=()):
    """The verdict on one row of the question q, of which omnibus has these rounds, and go those."""
    figures = {"q": {"omnibus": {figure: ours}}}
    if theirs is not None:
        figures["q"]["go"] = {figure: theirs}
    (verdict,) = guard.judge(rows(row), figures, kinds)
    return verdict


class Ratios(unittest.TestCase):
    row = {"of": "q/omnibus", "to": "go", "goal": 1.0, "held": 3.0}

    def test_a_figure_beyond_its_limit_falls_short_and_is_named(self):
        verdict = judge(self.row, [120, 120, 121], [38, 38, 39])

        self.assertEqual(verdict.status, guard.SHORT)
        self.assertAlmostEqual(verdict.value, 120 / 38)
        self.assertTrue(guard.has_failed([verdict]))
        self.assertIn("FALLS SHORT: q/omnibus / go is 3.158, its limit is 3, and its noise 0.", guard.report([verdict]))

    def test_a_figure_within_its_limit_is_held_and_its_goal_named(self):
        verdict = judge(self.row, [110, 110, 110], [38, 38, 38])

        self.assertEqual(verdict.status, guard.HELD)
        self.assertFalse(guard.has_failed([verdict]))
        self.assertIn("  q/omnibus / go: 2.895 instead of 1", guard.report([verdict]))

    def test_a_goal_that_is_reached_asks_for_its_limit_to_go(self):
        verdict = judge(self.row, [38, 38, 38], [38, 38, 38])

        self.assertEqual(verdict.status, guard.REACHED)
        self.assertIn('The goal of q/omnibus / go is reached: its "held" can go.', guard.report([verdict]))

    def test_without_a_looser_limit_the_goal_is_the_limit(self):
        row = {"of": "q/omnibus", "to": "go", "goal": 1.0}

        self.assertEqual(judge(row, [40, 40, 40], [39, 39, 39]).status, guard.SHORT)
        self.assertEqual(judge(row, [39, 39, 39], [39, 39, 39]).status, guard.REACHED)

    def test_our_noise_excuses_and_that_of_the_peer_does_not(self):
        still = [38, 38, 38]

        self.assertEqual(judge(self.row, [120, 120, 120], still).status, guard.SHORT)
        self.assertEqual(judge(self.row, [110, 120, 130], still).status, guard.HELD)
        # A peer that something has slowed down makes our ratio better already.
        self.assertEqual(judge(self.row, [120, 120, 120], [35, 38, 38]).status, guard.SHORT)

    def test_no_noise_excuses_more_than_a_share(self):
        self.assertEqual(judge(self.row, [10, 160, 170], [38, 38, 38]).status, guard.SHORT)

    def test_slow_rounds_of_a_minority_excuse_nothing_and_harm_nothing(self):
        self.assertEqual(judge(self.row, [110, 110, 900], [38, 38, 38]).status, guard.HELD)
        self.assertEqual(judge(self.row, [120, 120, 900], [38, 38, 38]).status, guard.SHORT)

    def test_a_missing_peer_is_a_skip_that_names_it(self):
        verdict = judge(self.row, [110])

        self.assertEqual((verdict.status, verdict.reason), (guard.SKIPPED, "go is missing here"))

    def test_figures_that_are_no_numbers_are_refused(self):
        for ours, theirs in (([float("nan")], [38]), ([110], [float("inf")]), ([110], [0]), ([], [38])):
            with self.subTest(ours=ours, theirs=theirs), self.assertRaises(guard.GuardError):
                judge(self.row, ours, theirs)

    def test_a_figure_that_nobody_measured_is_refused(self):
        with self.assertRaisesRegex(guard.GuardError, "omnibus has no figure called p50"):
            judge({**self.row, "figure": "p50"}, [110], [38])

    def test_rows_of_questions_that_were_not_asked_are_left_out(self):
        self.assertEqual(guard.judge(rows(self.row), {"other": {}}, ()), [])


class Counts(unittest.TestCase):
    row = {"of": "q/omnibus", "figure": "allocations", "goal": 0.1}

    def test_one_allocation_more_falls_short(self):
        self.assertEqual(judge(self.row, [0.05], figure="allocations").status, guard.REACHED)
        self.assertEqual(judge(self.row, [1.05], figure="allocations").status, guard.SHORT)

    def test_what_cannot_be_counted_is_skipped(self):
        instructions = {"of": "q/omnibus", "figure": "instructions", "to": "go", "held": 4}

        self.assertEqual(judge(self.row, [-1.0], figure="allocations").status, guard.SKIPPED)
        self.assertEqual(judge(instructions, [120], [38]).status, guard.SKIPPED)
        self.assertEqual(judge(instructions, [1000], [100], figure="instructions").status, guard.SHORT)


class Machines(unittest.TestCase):
    row = {"of": "q/omnibus", "figure": "p50", "machine": "small", "goal": 1000, "held": 20000}

    def test_a_row_of_this_machine_is_judged(self):
        self.assertEqual(judge(self.row, [30_000] * 3, figure="p50", kinds=["small"]).status, guard.SHORT)
        self.assertEqual(judge(self.row, [19_000] * 3, figure="p50", kinds=["small"]).status, guard.HELD)

    def test_a_row_of_another_machine_is_skipped(self):
        verdict = judge(self.row, [30_000] * 3, figure="p50")

        self.assertEqual((verdict.status, verdict.reason), (guard.SKIPPED, "for a machine called small only"))

    def test_a_machine_is_known_by_its_processors(self):
        self.assertEqual(guard.machine_of(MACHINES, 2, "AMD EPYC 7B13"), ["small"])
        self.assertEqual(guard.machine_of(MACHINES, 4, "AMD EPYC 7B13"), [])
        self.assertEqual(guard.machine_of(MACHINES, 2, "Apple M4"), [])


class Runs(unittest.TestCase):
    def test_where_nothing_was_judged_the_check_fails(self):
        skipped = judge({"of": "q/omnibus", "to": "go", "goal": 1.0}, [110])

        self.assertTrue(guard.has_failed([]))
        self.assertTrue(guard.has_failed([skipped]))
        self.assertIn("NOTHING WAS JUDGED: no row could be compared.", guard.report([skipped]))

    def test_one_row_that_falls_short_fails_all(self):
        good = judge(Counts.row, [0.0], figure="allocations")
        bad = judge(Counts.row, [2.0], figure="allocations")

        self.assertFalse(guard.has_failed([good, good]))
        self.assertTrue(guard.has_failed([good, bad, good]))


class Targets(unittest.TestCase):
    def test_what_is_wrong_with_a_file_is_said(self):
        good = {"of": "q/omnibus", "to": "go", "goal": 1.0}
        for row, error in (
            ("q/omnibus", "a row is an object"),
            ({**good, "of": "q"}, "QUESTION/CONTESTANT"),
            ({**good, "limit": 2}, "nothing in a row is called limit"),
            ({**good, "goal": "1"}, "is no number"),
            ({**good, "goal": True}, "is no number"),
            ({**good, "goal": -1}, "is no number"),
            ({**good, "to": 1}, "names are strings"),
            ({"of": "q/omnibus", "to": "go"}, "neither a goal nor a limit"),
            ({**good, "held": 0.9}, "no looser than the goal"),
            ({**good, "machine": "large"}, "no kind of machine is called large"),
            ({**good, "machine": "small"}, "every other figure has one of them"),
            ({"of": "q/omnibus", "goal": 1}, "every other figure has one of them"),
            ({**good, "figure": "allocations"}, 'a count has neither "to" nor "machine"'),
        ):
            with self.subTest(row=row), self.assertRaisesRegex(guard.GuardError, error):
                rows(row)
        with self.assertRaisesRegex(guard.GuardError, "there are 2 rows of this name"):
            rows(good, good)

    def test_a_file_that_holds_something_else_is_refused(self):
        for text in ("", "{", "[]", "{}", '{"machines": [], "rows": []}', '{"machines": {}, "rows": {}}',
                     '{"machines": {"small": {"processors": "2", "model": "EPYC"}}, "rows": []}'):
            with self.subTest(text=text), self.assertRaises(guard.GuardError):
                guard.parse(text)

    def test_a_file_that_is_not_there_is_an_error(self):
        with self.assertRaisesRegex(guard.GuardError, "No such file"):
            guard.read(os.path.join(os.path.dirname(__file__), "no-such-file.json"))

    def test_a_name_that_nobody_has_is_an_error(self):
        row = {"of": "q/omnibus", "to": "go", "goal": 1.0}
        guard.check_names(rows(row), {"q": {"omnibus", "go"}})

        for contestants in ({}, {"q": {"omnibus"}}, {"q": {"go"}}):
            with self.subTest(contestants=contestants), self.assertRaisesRegex(guard.GuardError, "nobody called"):
                guard.check_names(rows(row), contestants)

    def test_the_file_of_this_package_can_be_read(self):
        machines, written = guard.read(TARGETS)

        self.assertTrue(machines)
        self.assertTrue(written)


if __name__ == "__main__":
    unittest.main()
