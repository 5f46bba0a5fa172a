"""The identifier that a NIfTI image and its record share: a sidecar of another image is not taken for that of an edited one.

Voxels of an edited image differ from their digest, whoever they are of. Tools that keep the header, as those based on nibabel
do, keep its description (``descrip`` of nifti1.h), which distinguishes images even on the same grid.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from ..errors import SidecarError
from ..model.dicom_source import DicomSource
from ..model.metadata import Instance, SeriesMetadata, text
from ..standard.tags import Tag

_PATTERN = re.compile(r"NiftiDicomBridge study ([0-9a-f]{10}) image ([0-9a-f]{10})")
_DIGITS = 10


class ImageId(NamedTuple):
    """What identifies an image among those of all studies, without any attribute of the patient in it.

    Attributes
    ----------
    study : str
        Ten hexadecimal digits of the SHA-256 of StudyInstanceUID (0020,000D) and PatientID (0010,0020).
    image : str
        The same of the SOP Instance UIDs and the frames that the image has of them.
    """

    study: str
    image: str

    def __str__(self) -> str:
        """Return the text in a header and in a record."""
        return f"NiftiDicomBridge study {self.study} image {self.image}"

    @classmethod
    def parse(cls, description: str) -> ImageId | None:
        """Return the identifier in a text; None where there is none."""
        match = _PATTERN.search(description)
        return cls(match[1], match[2]) if match else None

    @classmethod
    def of_source(cls, source: DicomSource | None) -> ImageId | None:
        """Return the identifier of an image; None where its DICOM has no UIDs, or there is none."""
        if source is None:
            return None
        series = source.metadata
        study, uids = study_digest(series.first), [instance.uid for instance in series.instances]
        if not study or not all(uids):
            return None
        return cls(study, _digest("\n".join(uids).encode() + _frames(series)))


def study_digest(instance: Instance) -> str:
    """Return what identifies the study of an instance; empty where it has no StudyInstanceUID (0020,000D)."""
    return digest_of(text(instance.elements, Tag.STUDY_INSTANCE_UID), text(instance.elements, Tag.PATIENT_ID))


def digest_of(study_uid: str, patient_id: str) -> str:
    """Return what identifies a study of a patient; empty without StudyInstanceUID (0020,000D)."""
    return _digest(f"{study_uid}\n{patient_id}".encode()) if study_uid else ""


def _frames(series: SeriesMetadata) -> bytes:
    """Return which frames an image has: the echoes of one instance are several images."""
    return series.frames.astype("<i4").tobytes()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def check_image_id(described: str, recorded: ImageId | None, where: str) -> str:
    """Return what is doubtful about an image and a record that were put together; empty without a doubt.

    Parameters
    ----------
    described : str
        Description in the header of the image.
    recorded : ImageId or None
        The identifier in the record.
    where : str
        The image, for messages.

    Raises
    ------
    SidecarError
        If the header is that of an image of another study.
    """
    own = ImageId.parse(described)
    if own is None or recorded is None or own == recorded:
        return ""
    if own.study != recorded.study:
        raise SidecarError(
            f"{where}: the description in its header is that of an image of another study, perhaps patient, than the "
            "sidecar. Use the sidecar of this image. If only its header was copied from the other image, convert it without a "
            "sidecar, and with the original series as reference=."
        )
    return (
        "the description in its header is that of another image of the same study than the sidecar: "
        "check that the sidecar is of this image"
    )
