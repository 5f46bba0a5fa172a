"""Stand-in for ``slicer.packaging``: reports what is installed; installing is refused."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


def load_requirements(path):
    """Return the requirements of a file, without comments and options."""
    lines = (line.split(" #")[0].strip() for line in Path(path).read_text("utf-8").splitlines())
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def pip_check(req, _seen=None):
    """Return whether a requirement, or each of a list, is installed."""
    if isinstance(req, list):
        return all(pip_check(one) for one in req)
    wanted = Requirement(req) if isinstance(req, str) else req
    if wanted.marker is not None and not wanted.marker.evaluate():
        return True
    try:
        return wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False


def pip_ensure(
    requirements,
    constraints=None,
    skip_packages=None,
    prompt_install=True,
    prompt_restart=True,
    requester=None,
    skip_in_testing=True,
    show_progress=True,
):
    """Do nothing when all is installed; behave as if the person declined otherwise."""
    if not pip_check(requirements):
        raise RuntimeError("User declined to install the required Python packages")
