"""Draws the results of many_files.py: ``python plot_many_files.py many_files.json OUTPUT.svg`` (needs matplotlib)."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

COLORS = {
    "inspect": "#1b7f79", "to .nii.gz": "#1f4e9c", "back to DICOM": "#7b3fa0", "compare": "#4c8c2b",
    "dcm2niix -z y": "#c05a1c", "pydicom read and write": "#8c8c8c",
}  # fmt: skip
PEERS = ("dcm2niix -z y", "pydicom read and write")


def main(results: Path, output: Path) -> None:
    """Draw processor time and peak memory against the number of instances, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams["svg.hashsalt"] = "nifti-dicom-bridge"
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for name, runs in json.loads(results.read_text(encoding="utf-8")).items():
        counts = sorted(map(int, runs))
        style = {"color": COLORS[name], "marker": "o", "markersize": 4, "linestyle": "--" if name in PEERS else "-"}
        for axis, column in zip(axes, (0, 2), strict=True):
            axis.plot(counts, [statistics.median(run[column] for run in runs[str(n)]) for n in counts], label=name, **style)
    for axis, title in zip(axes, ("processor time, s", "peak memory, MB"), strict=True):
        axis.set(xscale="log", yscale="log", xlabel="instances", title=title)
        axis.grid(True, which="major", alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.savefig(output, metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
