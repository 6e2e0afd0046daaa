"""Draw what search_peers.py measured: recall against the time of a query, memory as size. Needs matplotlib.

python benchmarks/search_plot.py RESULT.json PICTURE.png
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matplotlib import pyplot

_LEAST = 0.85  # recall below which a setting is of no interest


def main() -> None:
    """A line an engine, a point a setting."""
    figure, axes = pyplot.subplots(figsize=(10, 6.5), dpi=100)
    for row in json.loads(Path(sys.argv[1]).read_text()):
        if row["error"]:
            continue
        runs = row["tuned"]["runs"]
        points = sorted((run["ms"][0], run["recall@100"]) for run in runs if run["recall@100"] >= _LEAST)
        memory = row["tuned"]["memory"]["resident"]
        is_ours = row["engine"] == "framescout"
        (line,) = axes.plot(*zip(*points, strict=True), linewidth=1, color="black" if is_ours else None)
        axes.scatter(
            *zip(*points, strict=True),
            s=8 + memory / 3,
            alpha=0.6,
            color=line.get_color(),
            label=f"{row['engine']} ({memory:.0f} MB)",
            marker="*" if is_ours else "o",
        )
    axes.axhline(0.98, color="grey", linestyle=":", linewidth=1)
    axes.set(xscale="log", xlabel="milliseconds a query (median)", ylabel="recall@100")
    legend = axes.legend(fontsize=8, loc="lower right", title="resident memory is the size")
    for handle in legend.legend_handles:
        handle.set_sizes([30])
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(sys.argv[2])


if __name__ == "__main__":
    main()
