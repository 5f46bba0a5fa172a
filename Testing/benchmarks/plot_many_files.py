"""Draws the results of many_files.py: ``python plot_many_files.py many_files.json OUTPUT.svg`` (needs matplotlib)."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

import plots

COLORS = {
    "inspect": "#1b7f79", "to .nii.gz": "#1f4e9c", "back to DICOM": "#7b3fa0", "compare": "#4c8c2b",
    "dcm2niix -z y": "#c05a1c", "pydicom read and write": "#8c8c8c",
}  # fmt: skip
PEERS = ("dcm2niix -z y", "pydicom read and write")


def main(results: Path, output: Path) -> None:
    """Draw processor time and peak memory against the number of instances, on logarithmic axes."""
    figure, axes = plots.new_figure()
    for name, runs in json.loads(results.read_text(encoding="utf-8")).items():
        for axis, column in zip(axes, (0, 2), strict=True):
            values = {int(count): statistics.median(run[column] for run in some) for count, some in runs.items()}
            plots.draw(axis, name, values, COLORS[name], name in PEERS)
    for axis, title in zip(axes, ("processor time, s", "peak memory, MB"), strict=True):
        axis.set(xscale="log", yscale="log", xlabel="instances", title=title)
    axes[0].legend(fontsize=8)
    plots.save(figure, output)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
