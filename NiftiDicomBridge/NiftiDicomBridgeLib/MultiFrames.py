"""Which DICOM files Slicer's own loader does not put together rightly; by their headers in the database alone.

It loads a multi-frame object with "use with caution": frames in the order of the file, times and slices in one stack, a single
position for all. Of a classic series with several images at one place it makes one stack too, unless the module
MultiVolumeImporter is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import slicer
from slicer.i18n import tr as _

from . import Database

ENHANCED = "1.2.840.10008.5.1.4.1.1."
# PS3.4 B.5: enhanced CT, MR, MR colour, PET; legacy converted CT, MR, PET
MULTI_FRAME_CLASSES = {ENHANCED + tail for tail in ("2.1", "4.1", "4.3", "130", "2.2", "4.4", "128.1")}
SINGLE_FRAME_CLASSES = {ENHANCED + tail for tail in ("2", "4", "128")}
OTHER_LOADER = "MultiVolumeImporterPlugin"


def why_ours(files: Sequence[str], tags: Mapping[str, str]) -> str:
    """Say why files should be loaded by the bridge; empty where Slicer's own loader does it rightly."""
    sop_class = Database.value_of(files[0], tags["sopClassUID"])
    if sop_class in MULTI_FRAME_CLASSES and _number(Database.value_of(files[0], tags["numberOfFrames"])) > 1:
        return _("Multi-frame: every frame is put where its own position says, times become a sequence.")
    if sop_class not in SINGLE_FRAME_CLASSES:
        return ""
    if "MOSAIC" in Database.value_of(files[0], tags["imageType"]).split("\\"):
        return _("Mosaic: the slices that lie side by side in each file become a stack.")
    if OTHER_LOADER not in slicer.modules.dicomPlugins and _has_times(files, tags):
        return _("Several images at the same place: they become a sequence.")
    return ""


def _has_times(files: Sequence[str], tags: Mapping[str, str]) -> bool:
    """Whether every place has the same number of images, more than one."""
    names = (tags["position"], tags["orientation"])
    places = Counter(tuple(Database.value_of(path, name) for name in names) for path in files)
    counts = set(places.values())
    return ("", "") not in places and len(counts) == 1 and counts.pop() > 1


def _number(text: str) -> int:
    return int(text) if text.strip().isdigit() else 0
