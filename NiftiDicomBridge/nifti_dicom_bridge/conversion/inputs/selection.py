"""Which images of the inputs are converted: by patient, study, series and modality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BridgeError
from ...formats.dicom.reading.grouping.series import Inventory, find_series
from ...model.files.names import stem_of
from ...model.identity import texts_of
from ...model.listing import listed
from ...model.metadata import Elements
from ...options import ConversionOptions, Progress

if TYPE_CHECKING:
    from .image_with_record import ImageWithRecord

KEYWORDS = {
    "series": ("SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "ProtocolName"),
    "study": ("StudyInstanceUID", "StudyID", "StudyDate", "StudyDescription", "AccessionNumber"),
    "patient": ("PatientID", "PatientName"),
    "modality": ("Modality",),
}
"""Option → the attributes, and the keys of sidecars, that its patterns are compared with."""
_ALL = tuple(keyword for keywords in KEYWORDS.values() for keyword in keywords)
MOST_LISTED = 12


@dataclass(frozen=True)
class Selection:
    """Patterns for patient, study, series and modality; of several for one of these, one must match.

    Attributes
    ----------
    patterns : dict of str to tuple of str
        Option → patterns; options without patterns are left out.
    """

    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, options: ConversionOptions) -> Selection:
        """Return the selection of the options."""
        given = {name: getattr(options, name) for name in KEYWORDS}
        return cls({name: patterns for name, patterns in given.items() if patterns})

    def matches(self, texts: Mapping[str, str], name: str = "") -> bool:
        """Return whether an image is selected.

        Parameters
        ----------
        texts : mapping
            DICOM keyword → value.
        name : str
            Name of the image file without its suffix; a pattern for the series may match it, too.
        """
        return all(
            any(_matches(pattern, *candidate) for pattern in patterns for candidate in _candidates(option, texts, name))
            for option, patterns in self.patterns.items()
        )

    def of_elements(self, elements: Elements) -> bool:
        """Return whether an instance is selected."""
        return not self.patterns or self.matches(texts_of(elements, _ALL))

    def of_file(self, file: ImageWithRecord) -> bool:
        """Return whether a NIfTI file or a Zarr store is selected: by its record, else by the keys of its sidecar."""
        if not self.patterns:
            return True
        texts = {key: str(file.top[key]) for key in _ALL if file.top.get(key) is not None}
        if file.record is not None:
            texts |= texts_of(file.record.source.metadata.first.elements, _ALL)
        return self.matches(texts, stem_of(file.path))

    def __str__(self) -> str:
        return ", ".join(f'{option}="{pattern}"' for option, patterns in self.patterns.items() for pattern in patterns)


def _candidates(option: str, texts: Mapping[str, str], name: str) -> Iterable[tuple[str, bool]]:
    """Yield the texts that patterns are compared with, and whether each is a number: 007 and 7 are two patients."""
    yield from ((texts[keyword], keyword == "SeriesNumber") for keyword in KEYWORDS[option] if keyword in texts)
    if option == "series" and name:
        yield name, False


def _matches(pattern: str, text: str, is_number: bool) -> bool:
    """Return whether a text is equal to a pattern or matches it, whatever the case; numbers are compared as numbers."""
    pattern, text = pattern.strip().casefold(), text.strip().casefold()
    if is_number and pattern.isdecimal() and text.isdecimal():
        return int(pattern) == int(text)
    return pattern == text or fnmatchcase(text, pattern)


def find_selected(
    inputs: Sequence[Path], selection: Selection, progress: Progress | None = None, follow_links: bool = False, jobs: int = 1
) -> Inventory:
    """Return what `find_series` finds, without the series that are not selected, their damaged files, and other files."""
    inventory = find_series(inputs, progress, follow_links, jobs)
    if not selection.patterns:
        return inventory
    kept = [series for series in inventory.series if selection.of_elements(series.instances[0].elements)]
    others = [series for series in inventory.series if not any(series is one for one in kept)]
    left_out = {series.uid for series in inventory.series} - {series.uid for series in kept}
    structure_sets = [instance for instance in inventory.structure_sets if selection.of_elements(instance.elements)]
    paths = {instance.path for instance in structure_sets}
    leftovers = [one for one in inventory.leftovers if (one.failed and one.series_uid not in left_out) or one.path in paths]
    return Inventory(kept, leftovers, len(others), structure_sets, others, inventory.spaces)


def nothing_selected(inputs: Sequence[Path], options: ConversionOptions) -> BridgeError:
    """Return the error for inputs of which nothing is selected; it lists the series there are, unless they are protected."""
    titles = list(dict.fromkeys(series.title for series in find_series(inputs, None, options.follow_links).series))
    there = f"{len(titles) or 'no'} DICOM series" if options.deidentify or not titles else listed(titles, MOST_LISTED)
    where = ", ".join(map(str, inputs))
    return BridgeError(f"{Selection.of(options)} matches no image in {where}, which contains {there}. Correct the pattern.")


def selected_paths(paths: Sequence[Path], options: ConversionOptions) -> list[Path]:
    """Return the DICOM files of the images that are selected, and those that cannot be read; all paths without a selection.

    Raises
    ------
    BridgeError
        If a path does not exist, or nothing is selected.
    """
    selection = Selection.of(options)
    if not selection.patterns:
        return list(paths)
    inventory = find_selected(paths, selection, None, options.follow_links)
    files = [Path(instance.path) for series in inventory.series for instance in series.instances]
    files += [Path(leftover.path) for leftover in inventory.leftovers]
    if not files:
        raise nothing_selected(paths, options)
    return files
