# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

import unittest

import ours


class ArgumentsTest(unittest.TestCase):
    def test_the_toolchains_libraries_are_in_the_program_where_they_can_be(self):
        self.assertIn("--static-swift-stdlib", ours.arguments("Benchmarks", "linux"))
        self.assertNotIn("--static-swift-stdlib", ours.arguments("Benchmarks", "darwin"))

    def test_it_is_built_for_release(self):
        self.assertEqual(ours.arguments("Benchmarks", "darwin"),
                         ["swift", "build", "--package-path", "Benchmarks", "-c", "release"])


if __name__ == "__main__":
    unittest.main()
