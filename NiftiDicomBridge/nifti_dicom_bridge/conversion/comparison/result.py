"""What `compare` returns: how two sets of DICOM files compare, as values and as text."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ...model import metadata
from ...model.files.safe_text import printable
from ...model.metadata import Element
from ...model.report import fitted

SHOWN = 20
"""Differences that are listed; the others are counted."""


@dataclass
class Difference:
    """One thing that is not the same: both values, or why there is none to compare."""

    instance: str
    what: str
    first: str = ""
    second: str = ""
    reason: str = ""

    def __str__(self) -> str:
        values = f"{self.first} ≠ {self.second}" if self.first or self.second else self.reason
        return ": ".join(filter(None, (self.instance, self.what, values)))


@dataclass(repr=False)
class Comparison:
    """How two sets of DICOM files compare.

    Attributes
    ----------
    instances : list of int
        Images and RT Structure Sets: in the first, in the second, in both.
    elements, equal_elements : int
        Elements of the instances in both, nested ones too; and how many have the same value, byte for byte.
    file_meta, equal_file_meta, voxels, equal_voxels : int
        Instances whose file meta information and preamble, and whose decoded pixels, were compared and are the same.
    geometry_mm : float
        Largest distance between where a frame is in the first and in the second.
    names : int
        Files with the same relative name.
    identical_files : int
        Files that are the same to the last byte.
    reissued_uids : int
        UIDs that were replaced, each by one other throughout.
    transcoded : int
        Instances that are compressed differently.
    differences : list of Difference
        The first ones of each kind.
    not_compared : int
        Other objects without pixel data, and duplicates.

    Examples
    --------
    >>> from nifti_dicom_bridge import compare
    >>> compare("scans", "scans").same
    True
    """

    instances: list[int] = field(default_factory=lambda: [0, 0, 0])
    elements: int = 0
    equal_elements: int = 0
    file_meta: int = 0
    equal_file_meta: int = 0
    voxels: int = 0
    equal_voxels: int = 0
    geometry_mm: float = 0.0
    names: int = 0
    identical_files: int = 0
    reissued_uids: int = 0
    transcoded: int = 0
    differences: list[Difference] = field(default_factory=list)
    different: int = 0
    not_compared: int = 0

    @property
    def same(self) -> bool:
        """Whether nothing differs, except for UIDs that were replaced consistently."""
        return self.different == 0 and self.instances[0] == self.instances[1] == self.instances[2] > 0

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {"same": self.same, **asdict(self)}

    def table(self) -> str:
        """Return the comparison as text for a terminal."""
        return "\n".join(map(printable, _lines(self)))

    def __repr__(self) -> str:
        *lines, conclusion = _lines(self)
        return fitted(["Comparison " + conclusion, *("  " + line for line in lines)])

    def differ(self, instance: str, what: str, first: object, second: object) -> None:
        """Note two values that differ."""
        self._add(Difference(instance, what, _shown(first), _shown(second)))

    def fail(self, instance: str, what: str, reason: str = "") -> None:
        """Note what differs without values to show, such as a file that cannot be read."""
        self._add(Difference(instance, what, reason=reason))

    def _add(self, difference: Difference) -> None:
        self.different += 1
        if len(self.differences) < SHOWN:
            self.differences.append(difference)


def _shown(value: object) -> str:
    if value is None:
        return "(absent)"
    text = value.value if isinstance(value, Element) else value
    if isinstance(value, Element) and value.vr in metadata.NUMBER_FORMATS:
        text = "\\".join(f"{number:.8g}" for number in metadata.numbers({0: value}, 0))
    shown = text.decode("latin-1").strip("\0 ") if isinstance(text, bytes) else str(text)
    shown = "".join(c if c.isprintable() else "." for c in shown)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _lines(comparison: Comparison) -> list[str]:
    first, second, both = comparison.instances
    rows = [
        ("instances", f"{both} in both", f"{first} in the first, {second} in the second"),
        ("elements", f"{comparison.equal_elements} of {comparison.elements} equal", "value bytes; private and nested ones too"),
        ("file meta, preamble", f"{comparison.equal_file_meta} of {comparison.file_meta} equal", ""),
        ("voxels", f"{comparison.equal_voxels} of {comparison.voxels} equal", "decoded stored values"),
        ("geometry", f"{comparison.geometry_mm:g} mm apart at most", ""),
        ("file names", f"{comparison.names} of {both} equal", ""),
        ("files", f"{comparison.identical_files} of {both} identical to the last byte", ""),
    ]
    lines = [f"{name:20} {value:38} {remark}".rstrip() for name, value, remark in rows]
    if comparison.transcoded:
        lines.append(
            f"{'transfer syntax':20} {comparison.transcoded} instance(s) compressed differently: values compared after decoding"
        )
    if comparison.reissued_uids:
        lines.append(f"{'UIDs':20} {comparison.reissued_uids} replaced consistently")
    if comparison.not_compared:
        lines.append(f"{'not compared':20} {comparison.not_compared} other object(s) without pixel data, or duplicates")
    lines += [f"  {difference}" for difference in comparison.differences]
    if comparison.different > len(comparison.differences):
        lines.append(f"  … and {comparison.different - len(comparison.differences)} more differences")
    verdict = "DIFFERENT" if not comparison.same else "SAME, except for new UIDs" if comparison.reissued_uids else "SAME"
    rest = f"; {comparison.not_compared} object(s) were not compared" if comparison.not_compared else ""
    return [*lines, f"=> {verdict}{rest}"]
