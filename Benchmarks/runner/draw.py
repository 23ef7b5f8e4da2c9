# Part of Omnibus, an embeddable event bus for Swift.
# SPDX-License-Identifier: Apache-2.0

"""Draws the curves of a file of JSON lines: python draw.py DATA FOLDER, where matplotlib is installed.

The same data gives the same pictures, to the byte: no date, and names of parts that depend on nothing else. The ground
is transparent and the ink a grey that can be read on white and on black."""

import os
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({
    "svg.hashsalt": "omnibus", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10,
    "text.color": "#7f7f7f", "axes.labelcolor": "#7f7f7f", "axes.edgecolor": "#7f7f7f", "xtick.color": "#7f7f7f",
    "ytick.color": "#7f7f7f", "grid.color": "#7f7f7f", "grid.alpha": 0.3, "savefig.transparent": True,
})
# Told apart by those who see no red or green, on both grounds; the marks tell them apart without any colour.
matplotlib.rcParams["axes.prop_cycle"] = (
    matplotlib.cycler(color=["#2a7fd4", "#e07b00", "#189a7a", "#b565c4"])
    + matplotlib.cycler(marker=["o", "s", "^", "D"])
)
from matplotlib import pyplot, ticker  # noqa: E402

import curves  # noqa: E402


def short(number, _=None):
    """A number as an axis says it."""
    for factor, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:g}{suffix}"
    return f"{number:g}"


def draw(drawing, lines, path):
    """Draws a curve into a file."""
    figure, axes = pyplot.subplots(figsize=(7, 3.6), layout="constrained")
    for line, places in lines.items():
        axes.plot([x for x, _ in places], [y for _, y in places], label=line, markersize=4, linewidth=1.6)
    xs = sorted({x for places in lines.values() for x, _ in places})
    if drawing.is_logarithmic and xs[0] > 0:
        axes.set_xscale("log")
    elif drawing.is_logarithmic:
        # A payload may have nothing in it.
        axes.set_xscale("symlog", linthresh=min(x for x in xs if x > 0))
    axes.set_yscale("log")
    # A line that is flat is to look flat, and not fill the picture with its noise.
    heights = [y for places in lines.values() for _, y in places if y > 0]
    axes.set_ylim(min(heights) / 3, max(heights) * 3)
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(short))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(short))
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    axes.set_xlabel(drawing.across)
    axes.set_ylabel(drawing.up)
    axes.set_title(drawing.title, fontsize=11)
    axes.grid(True)
    axes.spines[["top", "right"]].set_visible(False)
    if len(lines) > 1:
        axes.legend(frameon=False, fontsize=9)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: draw.py DATA FOLDER")
    data, folder = sys.argv[1:]
    try:
        with open(data, encoding="utf-8") as file:
            rows = curves.parse(file.read())
        for drawing in curves.DRAWINGS:
            draw(drawing, curves.lines_of(rows, drawing.name), os.path.join(folder, f"{drawing.name}.svg"))
    except (OSError, curves.CurveError) as error:
        sys.exit(f"{data}: {error}")


if __name__ == "__main__":
    main()
