"""The package zarr: needed for stores only, so imported when one is read or written."""

from __future__ import annotations

from typing import Any, Literal

from ...optional_packages import missing_error, require

BLOSC_BLOCK = 1 << 20


def check_package() -> None:
    """Raise `DependencyError` where zarr is not installed, or too old."""
    zarr_package()


def zarr_package() -> Any:
    """Return the package zarr.

    Raises
    ------
    DependencyError
        If it is not installed, too old, or does not work here.
    """
    require("zarr")
    try:
        import zarr
    except ImportError:
        raise missing_error("zarr") from None
    return zarr


def codecs(level: int, shuffle: Literal["noshuffle", "bitshuffle"], size: int) -> list[Any]:
    """Return Blosc with Zstandard, and a checksum behind it.

    Blosc has none, and a flipped bit may not pass for an edited voxel. Blocks of 1 MiB make images some percent smaller than
    those it would choose, and are as fast.
    """
    zarr_package()
    from zarr.codecs import BloscCodec, Crc32cCodec

    return [BloscCodec(cname="zstd", clevel=level, shuffle=shuffle, typesize=size, blocksize=BLOSC_BLOCK), Crc32cCodec()]
