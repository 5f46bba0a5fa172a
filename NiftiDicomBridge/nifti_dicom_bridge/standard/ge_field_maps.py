"""GE's sequence B0map: a series has a map in Hz, then the magnitude, whose headers are equal."""

from __future__ import annotations

_NAME = "b0map"
COMPONENT = "fieldmaphz"
"""Label of an image that is the map."""


def has_field_map(names: tuple[str, str]) -> bool:
    """Whether a series of a sequence of these names, see `is_field_map`, may have a map."""
    return any(_NAME in name.lower() for name in names)


def is_field_map(names: tuple[str, str], locations: float, images: float, number: float | None) -> bool | None:
    """Return whether an image is a slice of the map; None where that cannot be known.

    Parameters
    ----------
    names : tuple of str
        Of the sequence, (0019,xx9C) and (0019,xx9E) GEMS_ACQU_01.
    locations : float
        Slices of a volume, (0021,xx4F) GEMS_RELA_01; 0 if unknown.
    images : float
        ImagesInAcquisition (0020,1002), which is that of one volume where a series has no map; 0 if unknown.
    number : float or None
        InstanceNumber (0020,0013); None without one.

    Examples
    --------
    >>> from nifti_dicom_bridge.standard.ge_field_maps import is_field_map
    >>> is_field_map(("b0map", "B0map"), 30, 60, 30), is_field_map(("b0map", "B0map"), 30, 60, 31)
    (True, False)
    """
    if locations <= 0 or images == locations or not has_field_map(names):
        return False
    return None if number is None else number <= locations
