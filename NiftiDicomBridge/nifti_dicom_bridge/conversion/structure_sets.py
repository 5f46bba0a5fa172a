"""How a conversion reads RT Structure Sets: label maps or masks, and the series that the user named for their grid."""

from __future__ import annotations

from ..errors import DicomReadError, OptionError
from ..formats.dicom.reading.plans import Plan, plan_series
from ..formats.dicom.reading.series import find_series
from ..formats.dicom.structure_sets.plan import StructureReader
from ..options import ConversionOptions


def structure_reader(options: ConversionOptions) -> StructureReader:
    """Return how RT Structure Sets are read.

    Raises
    ------
    OptionError
        If a reference does not exist, or contains no image.
    """
    plans: list[Plan] = []
    for path in options.references:
        try:
            volumes = [plan for series in find_series([path]).series for plan in plan_series(series)]
        except DicomReadError as error:
            raise OptionError(f'reference="{path}": {error}') from None
        if not volumes:
            raise OptionError(f'reference="{path}": no DICOM image was found there. Name the folder of a DICOM series.')
        plans += volumes
    return StructureReader(options.rois, plans)
