# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""That what perf and Valgrind print is read, and starting a program does not count."""

import sys
import unittest

import instructions

PERF = "26183704,,instructions:u,4321,100.00,,\n"
VALGRIND = "==11405== Cachegrind\n==11405== \n==11405== I   refs:      26,183,704\n"


class Reading(unittest.TestCase):
    def test_what_perf_prints(self):
        self.assertEqual(instructions.counted_by_perf(PERF), 26_183_704)

    def test_what_perf_prints_where_it_cannot_count(self):
        for text in ("<not supported>,,instructions:u,0,100.00,,\n", "<not counted>,,instructions:u,0,0.00,,\n", ""):
            self.assertIsNone(instructions.counted_by_perf(text))

    def test_what_valgrind_prints(self):
        self.assertEqual(instructions.counted_by_valgrind(VALGRIND), 26_183_704)
        self.assertEqual(instructions.counted_by_valgrind("==1== I refs: 7\n"), 7)

    def test_what_valgrind_prints_where_it_fails(self):
        self.assertIsNone(instructions.counted_by_valgrind("valgrind: the 'impossible' happened:\n"))


class Counting(unittest.TestCase):
    """A program takes the counter's place: it prints what one of its kind would have."""

    def counted(self, program):
        words = [sys.executable, "-c", program]
        return instructions.per_message(("valgrind", words), lambda number: [str(number)], 1_000)

    def test_the_start_of_a_program_does_not_count(self):
        program = "import sys; print('I refs:', f'{5_000_000 + 400 * int(sys.argv[1]):,}', file=sys.stderr)"

        self.assertEqual(self.counted(program), 400)

    def test_a_program_that_fails_has_no_count(self):
        self.assertIsNone(self.counted("import sys; print('I refs: 5', file=sys.stderr); sys.exit(1)"))
        self.assertIsNone(self.counted(""))


if __name__ == "__main__":
    unittest.main()
