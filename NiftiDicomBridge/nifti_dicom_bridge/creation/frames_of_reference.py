"""Frame of Reference UIDs of new objects: images of one study on one grid share a frame of reference."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..formats.dicom.uids import new_uid
from ..model.space import orientation
from ..model.space.grids import same_grid
from ..model.volume import Volume
from ..options import SlicePlane

_SAME_VOXELS = 0.05


@dataclass
class Spaces:
    """The frames of reference that were assigned in a conversion.

    Attributes
    ----------
    assigned : dict
        Study Instance UID → grids (matrix, shape) and their Frame of Reference UIDs.
    """

    assigned: dict[str, list[tuple[np.ndarray, tuple[int, ...], str]]] = field(default_factory=dict)

    def uid_of(self, study_uid: str, image: Volume) -> str:
        """Return the Frame of Reference UID of an image: that of an earlier image on its grid, else a new one."""
        axial = orientation.in_plane(image, SlicePlane.AXIAL)
        matrix, shape = axial.ijk_to_ras, tuple(axial.voxels.shape[1:4])
        known = self.assigned.setdefault(study_uid, [])
        tolerance = _SAME_VOXELS * float(np.linalg.norm(matrix[:3, :3], axis=0).min())
        for other, size, uid in known:
            if size == shape and same_grid(matrix, other, shape, tolerance):
                return uid
        known.append((matrix, shape, new_uid()))
        return known[-1][2]
