"""Packages that single features need and plain conversion does not: what they are called, from which version, and checks.

Nothing here is imported before the feature is used. `DependencyError.feature` is a key of `FEATURES`, so that a front end can
offer to install the packages.
"""

from __future__ import annotations

from typing import NamedTuple

from .errors import DependencyError


class Package(NamedTuple):
    """A package on PyPI and the versions that work: from `oldest`, before `below` (empty: no limit)."""

    name: str
    oldest: str
    below: str = ""

    @property
    def requirement(self) -> str:
        """The requirement as pip takes it (PEP 508)."""
        return f"{self.name}>={self.oldest}" + (f",<{self.below}" if self.below else "")

    def is_usable(self) -> bool:
        """Whether a version that works is installed; the package is not imported."""
        version = installed_version(self.name)
        if not version:
            return False
        return _numbers(version) >= _numbers(self.oldest) and not (self.below and _numbers(version) >= _numbers(self.below))


class Feature(NamedTuple):
    """What needs further packages: a plural noun for messages, the packages, and the extra of pip that installs them."""

    task: str
    packages: tuple[Package, ...]
    extra: str


_FSSPEC = Package("fsspec", "2024.6.1")
FEATURES = {
    "zarr": Feature("Zarr stores", (Package("zarr", "3.1.4", "4"),), "zarr"),
    "video": Feature("MP4 movies without the program ffmpeg", (Package("av", "14"),), "video"),
    "codecs": Feature(
        "pixel data in High-Throughput JPEG 2000", (Package("pylibjpeg", "2.0"), Package("pylibjpeg-openjpeg", "2.3")), "codecs"
    ),
    "htj2k": Feature("files in High-Throughput JPEG 2000", (Package("imagecodecs", "2025.3.30"),), "htj2k"),
    "report": Feature("HTML reports (JSON reports do not)", (Package("jinja2", "3.1"),), "report"),
    "nibabel": Feature("Images of nibabel", (Package("nibabel", "5.2"),), "nibabel"),
    "network": Feature("Connections to archives by DIMSE", (Package("pynetdicom", "3.0.4", "4"),), "network"),
    "dicomweb": Feature("Connections to archives by DICOMweb", (Package("dicomweb-client", "0.60"),), "network"),
    "cluster": Feature("Conversions on a cluster", (Package("distributed", "2024.9"),), "cluster"),
    "parquet": Feature("Tables in Parquet (CSV tables do not)", (Package("pyarrow", "16"),), "parquet"),
    "urls": Feature("ZIP archives by URL", (_FSSPEC,), "cloud"),
    "s3": Feature("URLs of S3 (s3://)", (_FSSPEC, Package("s3fs", "2024.6.1")), "s3"),
    "gs": Feature("URLs of Google Cloud Storage (gs://)", (_FSSPEC, Package("gcsfs", "2024.6.1")), "gs"),
    "azure": Feature("URLs of Azure Blob Storage (az://)", (_FSSPEC, Package("adlfs", "2024.7")), "azure"),
    "keyring": Feature("Passwords in the system keyring", (Package("keyring", "25"),), "keyring"),
    "rtstruct": Feature("RT Structure Sets made of label maps", (Package("contourpy", "1.2.1"),), "rtstruct"),
    "legacy": Feature("Legacy Converted Enhanced objects", (Package("highdicom", "0.28.2"),), "legacy"),
}


def missing_packages(feature: str) -> list[str]:
    """Return the requirements of a feature that are not installed.

    Parameters
    ----------
    feature : str
        A key of `FEATURES`.

    Returns
    -------
    list of str
        Requirements of pip, such as ``zarr>=3.1.4``; empty if the feature can be used.

    Raises
    ------
    KeyError
        If there is no such feature.

    Examples
    --------
    >>> from nifti_dicom_bridge import missing_packages
    >>> missing_packages("nibabel")
    []
    """
    return [package.requirement for package in FEATURES[feature].packages if not package.is_usable()]


def require(feature: str) -> None:
    """Raise `DependencyError` unless all packages of a feature are installed."""
    if missing_packages(feature):
        raise missing_error(feature)


def missing_error(feature: str, where: str = "") -> DependencyError:
    """Return the error that names the packages of a feature and how to install them; `where` begins the sentence."""
    wanted = FEATURES[feature]
    states = ", ".join(_state(package) for package in wanted.packages if not package.is_usable()) or "does not work here"
    names = " and ".join(package.requirement for package in wanted.packages)
    return DependencyError(
        f"{where}{wanted.task[0].upper() if not where else wanted.task[0]}{wanted.task[1:]} require {names} ({states}). "
        f"Install: pip install 'nifti-dicom-bridge[{wanted.extra}]'",
        feature,
    )


def installed_version(name: str) -> str:
    """Return the version of a package; empty if it is not installed."""
    from importlib import metadata  # which imports the package email

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _state(package: Package) -> str:
    version = installed_version(package.name)
    return f"{package.name} {version} is installed" if version else f"{package.name} is not installed"


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version up to the first part that is not one."""
    numbers = []
    for part in version.split("+")[0].split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)
