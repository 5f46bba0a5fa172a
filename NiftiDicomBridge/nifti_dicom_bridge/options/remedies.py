"""What to do about a problem, where another front end offers something else than Python: a code for each remedy.

Messages are written in the words of Python, and most options only need another name in another front end (`in_words`). A remedy
with an option or a step that a front end does not offer is listed here. Its code identifies it in the messages of all images,
so that the front end can put its own text in its place: Slicer's panel has one for every code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

REMEDIES = {
    # reading
    "allow-memory": "Convert it on a larger computer, or allow it with size_limit={gigabytes}.",
    "allow-size": "If the file is trusted, allow it with size_limit={gigabytes}.",
    "install-packages": "Install: pip install 'nifti-dicom-bridge[{extra}]'",
    # BIDS
    "bids-keys": 'in bids_keys="FILE"',
    "bids-map": '"{section}" in bids_map="FILE"',
    "bids-subject": '"subjects" (name or ID → label) in bids_map="FILE", or subject="LABEL",',
    "bids-one-person": 'Convert the images of each person by themselves, with subject="LABEL"',
    # sidecars
    "copy-sidecar": "name it as sidecar=, or copy it to {name}.json",
    # new objects
    "allow-error": 'Use kind="pm", which keeps every value, or allow more with max_error=.',
    "check-reference": (
        "Check that reference= is the series of this image; allow_no_overlap=True writes it into the study of that patient all "
        "the same."
    ),
    "leave-out-originals": 'leave out uids="keep" and names="original".',
    "right-angles": 'Do it here with resample="shear", or take another axis for the slices (plane="axial", coronal, sagittal).',
    "resample-original": 'Convert the original with resample="spacing", and edit that image.',
    "one-space": "If you know that both are at one place, use same_space=True.",
    "state-units": '"Units", such as "mm2/s", in the JSON of sidecar=, or next to the image, specifies them',
    "set-attributes": "set_values= or metadata= sets them",
    # segmentations
    "label-names": "labels= names the file or profile to use",
    "label-values": (
        'Use segmentation="fractional" for probabilities, kind="pm" for other values, and nearest neighbor interpolation to '
        "resample label maps."
    ),
    "segment-attributes": 'labels="FILE" segments',
    "separate-masks": 'write each mask to a file of its own and use labels="masks".',
    "specify-algorithm": "algorithm= specifies it",
    "write-labels": 'use segmentation="binary" for labels',
    "write-probabilities": 'segmentation="fractional" writes them',
    # names of files
    "number-files": 'Use names="numbered".',
    # results of a command
    "leave-out-results": 'Leave it out: take="PATTERN".',
    "kinds-of-results": 'Choose the kind: kind="mr" or another one, with take="PATTERN" for the files that are of that kind.',
    "run-per-volume": 'use per="volume".',
    "separate-arguments": "Separate it by spaces, or use shell=True.",
    # archives
    "check-credentials": "Check user, password or token in the file of archive_settings=.",
    "trust-certificate": "Set ca_file in the file of archive_settings= to the certificate that signed it.",
    # pictures
    "install-ffmpeg": "Install ffmpeg, or 'pip install nifti-dicom-bridge[video]'; or leave it out with mp4=False",
}
"""Code → what to do, in the words of Python; ``{name}`` for what depends on the image."""
OWN_WORDS: Mapping[str, str] = MappingProxyType({})
"""The remedies of a front end that offers what Python offers."""


def remedy(code: str, **values: object) -> str:
    """Return a remedy in the words of Python, for a message.

    Examples
    --------
    >>> from nifti_dicom_bridge.options.remedies import remedy
    >>> remedy("allow-size", gigabytes=3)
    'If the file is trusted, allow it with size_limit=3.'
    """
    return REMEDIES[code].format(**values)


def with_remedies(text: str, remedies: Mapping[str, str]) -> str:
    """Return a message with the remedies of a front end in the place of those of Python.

    Parameters
    ----------
    text : str
        A message of this package.
    remedies : mapping of str to str
        Code → remedy; may contain the ``{name}`` of the one in `REMEDIES`.
    """
    for code in sorted(REMEDIES.keys() & remedies, key=lambda code: len(REMEDIES[code]), reverse=True):
        text = _pattern(code).sub(lambda match, own=remedies[code]: own.format(**match.groupdict()), text)  # type: ignore[misc]
    return text


def remedies_in(text: str) -> list[str]:
    """Return the remedies that a message contains, as they are in it."""
    return [match[0] for code in REMEDIES if (match := _pattern(code).search(text))]


@cache
def _pattern(code: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[\\w.-]+)", re.escape(REMEDIES[code])))
