"""The package zarr: needed for stores only, so imported when one is read or written."""

from __future__ import annotations

from typing import Any, Literal

from ...errors import DependencyError

OLDEST = (3, 1)
BLOSC_BLOCK = 1 << 20
INSTALL = "pip install 'zarr>=3.1,<4'"


def check_package() -> None:
    """Raise `DependencyError` where zarr is not installed, or too old."""
    zarr_package()


def zarr_package() -> Any:
    """Return the package zarr.

    Raises
    ------
    DependencyError
        If it is not installed, or older than 3.1.
    """
    try:
        import zarr
    except ImportError as error:
        raise DependencyError(
            f"Zarr stores need the package zarr, which is not installed or does not work here ({error}): {INSTALL}"
        ) from None
    version = str(getattr(zarr, "__version__", "0"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < OLDEST:
        raise DependencyError(f"Zarr stores need the package zarr 3.1 or later; {version} is installed: {INSTALL}")
    return zarr


def codecs(level: int, shuffle: Literal["noshuffle", "bitshuffle"], size: int) -> list[Any]:
    """Return Blosc with Zstandard, and a checksum behind it.

    Blosc has none, and a flipped bit may not pass for an edited voxel. Blocks of 1 MiB make images some percent smaller than
    those it would choose, and are as fast.
    """
    zarr_package()
    from zarr.codecs import BloscCodec, Crc32cCodec

    return [BloscCodec(cname="zstd", clevel=level, shuffle=shuffle, typesize=size, blocksize=BLOSC_BLOCK), Crc32cCodec()]
