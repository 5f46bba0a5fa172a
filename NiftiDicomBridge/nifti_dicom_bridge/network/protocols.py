"""The protocol of an archive, by its address."""

from __future__ import annotations

import logging

from ..options.addresses import Address, DicomwebAddress
from .archive import Archive
from .settings import ArchiveSettings


def open_archive(address: Address, settings: ArchiveSettings) -> Archive:
    """Return the archive at an address."""
    from ..optional_packages import require

    require("dicomweb" if isinstance(address, DicomwebAddress) else "network")
    for name in ("pynetdicom", "dicomweb_client", "retrying"):  # errors are raised, not printed to standard error as well
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    if isinstance(address, DicomwebAddress):
        from .dicomweb import DicomwebArchive

        return DicomwebArchive(address, settings)
    from .dimse import PacsArchive

    return PacsArchive(address, settings)
