# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""Builds the program that measures the bus."""

import os
import subprocess
import sys


def build(package, platform=sys.platform):
    """Builds omnibus-bench of the package, and returns where it is."""
    command = arguments(package, platform)
    subprocess.run(command + ["--product", "omnibus-bench"], check=True, stdout=sys.stderr)
    shown = subprocess.run(command + ["--show-bin-path"], check=True, capture_output=True, text=True)
    return os.path.join(shown.stdout.strip(), "omnibus-bench")


def arguments(package, platform):
    """How the package is built: with the toolchain's libraries in the program, as Go's has its own, where that is
    possible; elsewhere they belong to the system."""
    command = ["swift", "build", "--package-path", package, "-c", "release"]
    if platform.startswith("linux"):
        command.append("--static-swift-stdlib")
    return command
