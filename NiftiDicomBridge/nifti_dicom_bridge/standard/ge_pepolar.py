"""GE's research sequence epi_pepolar, which encodes phase from both ends: images of one way are stored upside down.

Their header is that of the other way. https://github.com/rordenlab/dcm2niix/issues/532 explains the modes;
https://github.com/neurolabusc/dcm_qa_polar has images of each.
"""

from __future__ import annotations

_NAME = "epi_pepolar"
# fmt: off
# user variable 12 → TemporalPositionIdentifier modulo 2 of the images that are upside down
_REVERSED = {
    1: (0, 1),  # all
    2: (1,),  # the first of each pair
    3: (0,),  # the second of each pair
}
# fmt: on


def are_rows_reversed(sequence: str, mode: float, time: int) -> bool | None:
    """Return whether the rows of an image are stored from the last to the first; None where that cannot be known.

    Parameters
    ----------
    sequence : str
        Name of the sequence, (0019,xx9C) GEMS_ACQU_01.
    mode : float
        User variable 12, (0019,xxB3) GEMS_ACQU_01.
    time : int
        TemporalPositionIdentifier (0020,0100); 0 without one.

    Examples
    --------
    >>> from nifti_dicom_bridge.standard.ge_pepolar import are_rows_reversed
    >>> are_rows_reversed("research/ABCD/epi_pepolar", 2, 1), are_rows_reversed("research/ABCD/epi_pepolar", 2, 2)
    (True, False)
    """
    reversed_times = _REVERSED.get(round(mode), ()) if _NAME in sequence else ()
    if len(reversed_times) == 1 and time < 1:
        return None
    return time % 2 in reversed_times
