"""The JSON next to an image: BIDS names at the top level for people and tools, the lossless record under one key of ours."""

from .files import finite_keys, read_sidecar, record_path, sidecar_path, unused_sidecars, write_sidecar
from .record import KEY, SCHEMA_VERSION

__all__ = [
    "KEY",
    "SCHEMA_VERSION",
    "finite_keys",
    "read_sidecar",
    "record_path",
    "sidecar_path",
    "unused_sidecars",
    "write_sidecar",
]
