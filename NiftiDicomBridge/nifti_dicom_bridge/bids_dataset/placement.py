"""Where one image goes in a dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..bids.inheritance import DERIVATIVES
from ..sidecar.files import SOURCE_DATA
from . import naming_rules
from .images import Image

SHARED_BY = ("echo", "part")
"""Entities of images that are acquired together and have tables in common."""
WITH_GRADIENTS = {("dwi", "dwi"), ("fmap", "epi")}


@dataclass
class Placement:
    """Where one image goes.

    Attributes
    ----------
    image : Image
        The image.
    subject, session : str
        Labels; session empty where there is none.
    path : PurePosixPath
        Below the dataset, without extension.
    derivative : str
        Name of the dataset below ``derivatives`` that a result goes to; empty for other images.
    """

    image: Image
    subject: str
    session: str
    path: PurePosixPath = field(default_factory=PurePosixPath)
    derivative: str = ""

    @property
    def labels(self) -> list[str]:
        """``sub-…`` and, where there is one, ``ses-…``."""
        return [f"sub-{self.subject}", *([f"ses-{self.session}"] if self.session else [])]

    @property
    def is_raw(self) -> bool:
        """Whether it has a name in BIDS."""
        return bool(self.image.datatype)

    def table_path(self, suffix: str) -> str:
        """Return the path of a table that all echoes and parts of the image share, without extension."""
        shared = {key: label for key, label in self.image.entities.items() if key not in SHARED_BY}
        return f"{self.path.parent}/{naming_rules.file_name(self.labels, shared, suffix)}"

    @property
    def record_path(self) -> str:
        """The file of the record, apart from the sidecar; empty for images of ``sourcedata``, whose sidecar contains it."""
        if self.derivative:
            root = PurePosixPath(DERIVATIVES, self.derivative)
            return f"{root}/{SOURCE_DATA}/{self.path.relative_to(root)}.json"
        return f"{SOURCE_DATA}/{self.path}.json" if self.is_raw else ""

    @property
    def with_gradients(self) -> bool:
        """Whether b-values may be next to it."""
        return not self.is_raw or (self.image.datatype, self.image.suffix) in WITH_GRADIENTS
