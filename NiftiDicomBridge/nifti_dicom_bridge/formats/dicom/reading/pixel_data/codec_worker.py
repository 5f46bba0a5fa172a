"""The other process of `codec_process`: decodes frames by GDCM, as python-gdcm and as SimpleITK have it."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Sequence

import numpy as np

from .codec_process import READY
from .frame_codecs import ABORTING, Attributes, NotDecoded, decode_by_pydicom
from .itk_frames import frames_by_itk


def main() -> None:
    """Answer requests until the standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # codecs print to the standard output
    answers.write(READY)
    answers.flush()
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(_answer(*request), answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


def _answer(syntax: str, attributes: Attributes, frames: Sequence[bytes]) -> np.ndarray | str:
    """Return the frames, or why they were not decoded."""
    decoded = frames_by_itk(syntax, attributes, frames)
    if decoded is not None:
        return decoded
    try:
        return decode_by_pydicom(syntax, attributes, frames, lambda plugin: plugin in ABORTING)
    except NotDecoded as error:
        return str(error)


if __name__ == "__main__":
    main()
