"""Frame of Reference UIDs of new objects: images of one study on one grid share one, but not with images in a template."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from ..bids.inheritance import entities_of
from ..formats.dicom.uids import new_uid
from ..model.space import orientation
from ..model.space.geometry import spacing_of
from ..model.space.grids import same_grid
from ..model.volume import Volume
from ..options import SlicePlane

_SAME_VOXELS = 0.05
_TEMPLATE_LABEL = re.compile(
    r"MNI|ICBM|IXI|NKI|NIHPD|OASIS|PNC|RESILIENT|UNC|CIT168|Talairach|fsaverage|fsLR|dhcp|WHS", re.IGNORECASE
)
"""Standard template identifiers (BIDS specification, appendix "Coordinate systems"), by their beginnings."""
_TEMPLATE_SPACES = frozenset({"talairach", "mni", "template"})
"""Values of `Volume.space` for coordinates of a template."""


@dataclass
class Spaces:
    """The frames of reference that were assigned in a conversion.

    Attributes
    ----------
    assigned : dict
        Study Instance UID, and whether images are in a template → grids (matrix, shape) and their Frame of Reference UIDs.
    """

    assigned: dict[tuple[str, bool], list[tuple[np.ndarray, tuple[int, ...], str]]] = field(default_factory=dict)

    def uid_of(self, study_uid: str, image: Volume) -> str:
        """Return the Frame of Reference UID of an image: that of an earlier image on its grid, else a new one."""
        axial = orientation.in_plane(image, SlicePlane.AXIAL)
        matrix, shape = axial.ijk_to_ras, tuple(axial.voxels.shape[1:4])
        is_in_template = image.space in _TEMPLATE_SPACES or bool(template_of(image.name))
        known = self.assigned.setdefault((study_uid, is_in_template), [])
        tolerance = _SAME_VOXELS * float(spacing_of(matrix).min())
        for other, size, uid in known:
            if size == shape and same_grid(matrix, other, shape, tolerance):
                return uid
        known.append((matrix, shape, new_uid()))
        return known[-1][2]


def template_of(name: str) -> str:
    """Return the template whose space the name of an image specifies (``space-MNI152…``); empty where it specifies none."""
    space = entities_of(name)[0].get("space", "")
    return space if _TEMPLATE_LABEL.match(space) else ""
