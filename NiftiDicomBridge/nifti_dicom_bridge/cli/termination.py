"""SIGTERM, by which batch systems and containers end programs, as an interruption by Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .exit_codes import INTERRUPTED

LONGEST_END_S = 30.0
"""How long a program may take to end after SIGTERM: a thread in a decoder that hangs would keep it for ever."""


@contextmanager
def termination_is_interrupt() -> Iterator[None]:
    """Let SIGTERM raise `KeyboardInterrupt`: staging folders are removed, and commands that run are ended.

    Where that takes longer than `LONGEST_END_S`, or the exception was lost, as in a callback of a library, the process ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends: list[threading.Timer] = []

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is begun is cleared once
        ends.append(end_later())
        end_decoders()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
        for timer in ends:
            timer.cancel()


def end_later() -> threading.Timer:
    """Let this process end if it still runs after `LONGEST_END_S`."""
    timer = threading.Timer(LONGEST_END_S, _end)
    timer.daemon = True
    timer.start()
    return timer


def _end() -> None:
    text = f"Stopped after {LONGEST_END_S:g} s, as something did not end, such as a decoder that hangs"
    os.write(2, f"{text}; the next conversion into the same folder removes what is left.\n".encode())
    os._exit(INTERRUPTED)


def end_decoders() -> None:
    """End the other process that decodes, so that no thread waits for it."""
    module = sys.modules.get("nifti_dicom_bridge.formats.dicom.reading.pixel_data.codec_process")
    if module is not None:
        module.end_decoding()
