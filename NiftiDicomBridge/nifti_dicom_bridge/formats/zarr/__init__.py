"""Zarr v3 stores with OME-Zarr 0.5 metadata ⇄ volumes, some planes at a time.

A store is a folder ``NAME.zarr``: array ``0`` holds the stored values, further numbers a pyramid, array ``record`` the large
part of the lossless record. The attributes of the group hold what programs of imaging understand (``ome``) and, under one key
of ours, the exact grid and the small part of the record.
"""

from .companion_json import BESIDE_KEY, companion_content
from .dependency import check_package
from .paths import SIGN, is_store, stores_below
from .reader import StoreContents, read_store
from .writer import StoreWriter

__all__ = [
    "BESIDE_KEY",
    "SIGN",
    "StoreContents",
    "StoreWriter",
    "check_package",
    "companion_content",
    "is_store",
    "read_store",
    "stores_below",
]
