"""Links among the paths that the user names whose targets are not there."""

from __future__ import annotations

import os
from pathlib import Path


def dead_link(path: str | os.PathLike[str]) -> str:
    """Return that a path, or a folder of it, is a link to something that does not exist, and what to do; empty if it is not.

    Examples
    --------
    >>> from nifti_dicom_bridge.options.dead_links import dead_link
    >>> dead_link("scans/missing")
    ''
    """
    link = next((one for one in (Path(path), *Path(path).parents) if os.path.islink(one) and not os.path.exists(one)), None)
    if link is None:
        return ""
    return (
        f"{os.fspath(link)} is a link to {os.readlink(link)}, which does not exist. Restore the file, or fetch it if it is of "
        "DataLad or git-annex ('datalad get')."
    )
