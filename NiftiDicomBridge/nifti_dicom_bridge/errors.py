"""The kinds of failure.

Every message says what was asked, what was found (value, file, tag), why it cannot go on and what to do.
"""


class BridgeError(Exception):
    """Base of every error that this package raises on purpose."""


class DicomReadError(BridgeError):
    """A file is no DICOM, is damaged, or its pixel data cannot be decoded."""


class NiftiReadError(BridgeError):
    """A NIfTI file is damaged, too short or of a kind that cannot be used."""


class ZarrReadError(BridgeError):
    """A Zarr store is damaged, half-written or of a kind that cannot be used."""


class SidecarError(BridgeError):
    """A JSON sidecar is missing, not readable, or does not belong to its image."""


class LabelError(BridgeError):
    """A label file is damaged, or labels and voxels do not go together."""


class GeometryError(BridgeError):
    """Positions and orientations do not describe a grid, or a grid is not expressible in DICOM."""


class PixelError(BridgeError):
    """Voxel values do not fit where they were asked to go."""


class OptionError(BridgeError):
    """A choice that does not exist or contradicts another one."""


class OutputError(BridgeError):
    """An output exists already or cannot be written."""


class DependencyError(BridgeError):
    """A package that only this task needs is not installed.

    Attributes
    ----------
    feature : str
        Key of `optional_packages.FEATURES`, which lists the packages; empty if no feature is concerned.
    """

    def __init__(self, message: str, feature: str = ""):
        super().__init__(message)
        self.feature = feature


class DecoderMissingError(DicomReadError, DependencyError):
    """Pixel data are in a transfer syntax whose decoder is not installed."""


class Cancelled(BridgeError):
    """The person asked to stop; nothing half-written is left."""
