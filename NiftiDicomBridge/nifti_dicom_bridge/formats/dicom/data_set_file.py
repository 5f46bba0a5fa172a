"""Data sets of highdicom as files, whose pixel data may be made while they are written."""

from __future__ import annotations

import gc
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...model.metadata import Encoding
from ...model.processes.freed_memory import return_freed_memory
from ...standard.pydicom_settings import without_validation
from ...standard.tags import Tag
from .frame_bytes import FrameBytes
from .new_file import NewFile
from .reading.data_sets.data_set_writing import element_header

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

BYTE, SINGLE = 8, 32
_MANY_FRAMES = 1000
"""More than these take megabytes, which is worth a search for cycles of objects: it takes long in a large application."""
_PER_FRAME = "PerFrameFunctionalGroupsSequence"


@dataclass(frozen=True)
class DataSetFile:
    """A data set to write.

    Attributes
    ----------
    data_set : Dataset
        With native pixel data, Explicit VR Little Endian, unless there are frames.
    frames : FrameBytes or None
        The pixel data, where the data set has none.
    """

    data_set: Dataset
    frames: FrameBytes | None = None

    @property
    def vr(self) -> str:
        """VR of the pixel data (PS3.5 A.2)."""
        return "OW" if int(self.data_set.BitsAllocated) > BYTE else "OB"

    def drop_functional_groups(self) -> None:
        """Release the functional groups of frames, which are written: a few kilobytes for each, which refer to each other."""
        count = len(self.data_set.get(_PER_FRAME, ()))
        if count:
            setattr(self.data_set, _PER_FRAME, [])
        if count > _MANY_FRAMES:
            gc.collect()

    def _pixel_header(self, frames: FrameBytes) -> bytes:
        """Return the header of the element of the frames (PS3.3 C.7.6.24, C.7.6.25)."""
        tag, vr = Tag.PIXEL_DATA, self.vr
        if frames.is_floating:
            is_single = int(self.data_set.BitsAllocated) == SINGLE
            tag, vr = (Tag.FLOAT_PIXEL_DATA, "OF") if is_single else (Tag.DOUBLE_FLOAT_PIXEL_DATA, "OD")
        return element_header(tag, vr, len(frames), Encoding())

    def save(self, path: Path) -> int:
        """Write the file; return the CRC-32 of the frames, 0 without any. The functional groups of such frames are not kept."""
        with without_validation():  # the validation of this tool reports what is not valid
            self.data_set.save_as(path, enforce_file_format=True)
        if self.frames is None:
            return 0
        self.drop_functional_groups()
        checksum = 0
        with open(path, "ab") as file:  # pixel data are the last element of what highdicom makes
            file.write(self._pixel_header(self.frames))
            for part in self.frames:
                file.write(part)
                checksum = zlib.crc32(part, checksum)
        return_freed_memory()  # the file is read again
        return checksum


NewObject = NewFile | DataSetFile
"""An object to write: of our own tables, or of highdicom."""
