# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""That curves are read and merged as they should be; nothing is measured or drawn."""

import unittest

import curves


def row(y, x=1, line="a", curve="churn"):
    return {"curve": curve, "line": line, "x": x, "y": y}


class Parsing(unittest.TestCase):
    def test_points_of_all_curves(self):
        text = "usage: omnibus-bench curve NAME [X]\n" + "\n".join(f"{each.name} at 1 10" for each in curves.DRAWINGS)
        self.assertEqual(curves.parse_usage(text)["churn"], [1, 10])

    def test_refuses_curves_that_nobody_draws_or_measures(self):
        text = "\n".join(f"{each.name} at 1" for each in curves.DRAWINGS)
        with self.assertRaisesRegex(curves.CurveError, "height"):
            curves.parse_usage(text + "\nheight at 1")
        with self.assertRaisesRegex(curves.CurveError, "churn"):
            curves.parse_usage(text.replace("churn at 1", ""))

    def test_rows(self):
        self.assertEqual(curves.parse(curves.text_of([row(2.5)])), [row(2.5)])

    def test_refuses_what_is_no_row(self):
        for text in ("{", "[]", '{"curve": "churn"}', curves.text_of([row(1)]).replace("1", "NaN")):
            with self.assertRaises(curves.CurveError, msg=text):
                curves.parse(text)


class Merging(unittest.TestCase):
    def test_takes_the_least_of_each_place(self):
        rows = [row(3), row(9, x=10), row(2), row(4, line="b"), row(8, x=10)]
        self.assertEqual(curves.least(rows), [row(2), row(8, x=10), row(4, line="b")])

    def test_shortens_figures(self):
        figures = [0, 0.012345, 1.2345, 123.45, 123456.7]
        self.assertEqual([curves.shortened(figure) for figure in figures], [0, 0.0123, 1.23, 123, 123000])

    def test_lines_are_in_order(self):
        rows = [row(2, x=10), row(1), row(5, line="b"), row(7, curve="words")]
        self.assertEqual(curves.lines_of(rows, "churn"), {"a": [(1, 1), (10, 2)], "b": [(1, 5)]})
        with self.assertRaisesRegex(curves.CurveError, "memory"):
            curves.lines_of(rows, "memory")


if __name__ == "__main__":
    unittest.main()
