"""Objects of one frame → Legacy Converted Enhanced CT, MR, PET (PS3.3 A.70 to A.72), by highdicom.

Unlike Enhanced objects, these stay ORIGINAL where they were, and keep private attributes and whatever has no place of its own.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ....errors import OptionError
from ....model import metadata
from ....model.metadata import Log
from ....model.volume import Volume
from ....optional_packages import require
from ....standard import dictionary
from ....standard.pydicom_settings import without_validation
from ....standard.tags import Tag
from ....version import tool_version
from ..created.highdicom_tables import read_tables_by_module
from ..data_set_file import DataSetFile
from ..pydicom_conversion import data_set_of
from ..reading.data_sets.data_set_writing import check_length
from ..references import Reference, evidence
from ..uids import UidMap, new_uid
from .corrections import apply_corrections
from .dimensions import put_dimensions
from .sources import sources_of
from .unassigned_attributes import keep_unassigned_attributes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_UID = "1.2.840.10008.5.1.4.1.1."
# SOP Class of the originals → the class of highdicom that converts them
_CONVERTERS = {
    _UID + "2": "LegacyConvertedEnhancedCTImage",
    _UID + "4": "LegacyConvertedEnhancedMRImage",
    _UID + "128": "LegacyConvertedEnhancedPETImage",
}


def legacy_objects(volume: Volume, uids: UidMap, log: Log) -> Iterator[DataSetFile]:
    """Yield the Legacy Converted Enhanced object of a volume: all its frames, times outermost.

    Parameters
    ----------
    volume : Volume
        With metadata, of objects of one frame. Edited since: its derived instances are converted.
    uids : UidMap
        New UIDs of derived instances, the same for all volumes of a series.
    log : Log
        Receives what highdicom could not convert.

    Raises
    ------
    OptionError
        If the volume is of another kind of object.
    DependencyError
        If highdicom is older than 0.28, whose converter writes other things.
    """
    converter = _converter(volume)
    require("legacy")
    check_length(
        math.prod(volume.voxels.shape) * metadata.integer(volume.dicom.metadata.first.elements, Tag.BITS_ALLOCATED) // 8
    )
    series, edited = volume.dicom.metadata, bool(volume.edits() or volume.dicom.resampled)
    with without_validation():
        sources, frames = sources_of(volume, edited, uids, log)
        made = _converted(converter, sources, log)
        put_dimensions(made, *volume.voxels.shape[:2])
        keep_unassigned_attributes(made, sources)
        apply_corrections(made, sources, log)
        if edited:
            made.update(data_set_of(evidence(map(Reference.to, series.instances))))
        if frames is not None:
            del made.PixelData
    yield DataSetFile(made, frames)


def _converter(volume: Volume) -> str:
    """Return the name of the class that converts a volume; raises where there is none."""
    series = volume.dicom.metadata
    elements = series.first.elements
    sop_class = metadata.text(elements, Tag.SOP_CLASS_UID)
    name = _CONVERTERS.get(sop_class)
    if name is None:
        kind = dictionary.uid_name(sop_class) or "of no known kind"
        raise OptionError(
            f'kind="legacy": {volume.name} is {kind}. Legacy Converted Enhanced '
            'objects are made of CT, MR and PET objects of one frame each. Use kind="enhanced", or kind="sc".'
        )
    if volume.dicom.is_mosaic:
        raise OptionError(
            f'kind="legacy": {volume.name} is a mosaic, many slices in one frame: such frames cannot be taken over as they '
            'are. Use kind="enhanced", which takes them apart.'
        )
    if metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION) not in ("MONOCHROME1", "MONOCHROME2"):
        raise OptionError(
            f'kind="legacy": {volume.name} has PhotometricInterpretation (0028,0004) '
            f'{metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION)}; grayscale images can be converted. Use kind="sc".'
        )
    return name


def _converted(converter: str, sources: Sequence[Dataset], log: Log) -> Dataset:
    from highdicom import ContributingEquipment, legacy
    from pydicom.sr.codedict import codes
    from pydicom.uid import ExplicitVRLittleEndian

    read_tables_by_module()
    ours = ContributingEquipment(
        manufacturer="NiftiDicomBridge",
        purpose_of_reference=codes.DCM.EnhancedMultiFrameConversionEquipment,
        contribution_description=f"nifti-dicom-bridge {tool_version()}",
    )
    with _highdicom_warnings() as messages:
        try:
            made = getattr(legacy, converter)(
                sources,
                series_instance_uid=new_uid(),
                series_number=int(sources[0].get("SeriesNumber") or 1),
                sop_instance_uid=new_uid(),
                instance_number=1,
                transfer_syntax_uid=ExplicitVRLittleEndian,
                contributing_equipment=[ours],
                include_dimension_index=False,
            )
        except ValueError as error:
            raise OptionError(f'kind="legacy": highdicom cannot convert it: {error} Use kind="enhanced".') from None
    log.notes += [note for note in dict.fromkeys(messages) if note not in log.notes]
    return made


@contextmanager
def _highdicom_warnings() -> Iterator[list[str]]:
    """Yield the list of what highdicom warns of, by its own logger or by that of all."""
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "highdicom" in record.pathname:
                messages.append(f"highdicom: {record.getMessage()}")

    logger, listener = logging.getLogger(), Listener(logging.WARNING)
    logger.addHandler(listener)
    try:
        yield messages
    finally:
        logger.removeHandler(listener)
