"""What the graphs of the benchmarks have in common (needs matplotlib)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def new_figure(height: float = 4.2) -> tuple[Any, Any]:
    """Return a figure of a height in inches and its two axes, side by side."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams["svg.hashsalt"] = "nifti-dicom-bridge"
    return pyplot.subplots(1, 2, figsize=(10, height), layout="constrained")


def draw(axis: Any, name: str, values: Mapping[int, float], color: str, is_dashed: bool = False) -> None:
    """Draw one row of a table: its values against their numbers."""
    numbers = sorted(values)
    style = {"color": color, "marker": "o", "markersize": 4, "linestyle": "--" if is_dashed else "-"}
    axis.plot(numbers, [values[number] for number in numbers], label=name, **style)
    axis.grid(True, which="major", alpha=0.3)


def save(figure: Any, output: Path) -> None:
    """Write a figure, as the same bytes in every run."""
    figure.savefig(output, metadata={"Date": None})
