"""Draws the results of memory.py: ``python plot_memory.py memory.json OUTPUT.svg`` (needs matplotlib)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import memory
import plots

COLORS = ("#1b7f79", "#1f4e9c", "#7b3fa0", "#4c8c2b", "#c05a1c", "#a8324a", "#8c8c8c")
SIZES, HIGHEST = (64, 128, 256, 512, 1024, 2048, 4096), 240


def main(results: Path, output: Path) -> None:
    """Draw peak memory against the size of the image, conversions to images and to DICOM apart, and the limit."""
    figure, axes = plots.new_figure(5.2)
    peaks = json.loads(results.read_text(encoding="utf-8"))
    limit = memory.LIMIT + 2 * memory.SLAB
    for axis, panel in zip(axes, (memory.IMAGES, memory.DICOM), strict=True):
        names = [case.name for case in memory.CASES if case.panel == panel]
        for name, color in zip(names, COLORS, strict=True):
            plots.draw(axis, name, {int(size): megabytes for size, megabytes in peaks[name].items()}, color)
        axis.axhline(limit, color="black", linestyle=":", linewidth=1)
        axis.text(SIZES[0], limit + 3, f"{memory.LIMIT} MB + 2 slabs of {memory.SLAB} MB", fontsize=8)
        axis.set(xscale="log", xlabel="voxels, MB", title=f"peak memory {panel}, MB", ylim=(0, HIGHEST))
        axis.set_xticks(SIZES, [f"{size}" for size in SIZES])
        axis.minorticks_off()
        axis.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2)
    plots.save(figure, output)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
