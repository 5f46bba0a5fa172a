"""Zarr v3 stores with OME-Zarr 0.5 metadata ⇄ volumes, some planes at a time.

A store is a folder ``NAME.zarr``, or the same in a ZIP file ``NAME.zarr.zip``: array ``0`` holds the stored values, further
numbers a pyramid, array ``record`` the large part of the lossless record. The attributes of the group hold what programs of
imaging understand (``ome``) and, under one key of ours, the exact grid and the small part of the record.

Names are loaded when they are first used: most conversions read and write no store.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names for type checkers, which do not look into the table below
    from .companion_json import BESIDE_KEY as BESIDE_KEY
    from .companion_json import companion_content as companion_content
    from .dependency import check_package as check_package
    from .paths import SIGN as SIGN
    from .paths import is_store as is_store
    from .paths import stores_below as stores_below
    from .reader import StoreContents as StoreContents
    from .reader import close as close
    from .reader import read_store as read_store
    from .store_files import pack as pack
    from .writer import StoreWriter as StoreWriter

_HOME_OF = {
    "BESIDE_KEY": "companion_json", "companion_content": "companion_json", "check_package": "dependency", "SIGN": "paths",
    "is_store": "paths", "stores_below": "paths", "StoreContents": "reader", "read_store": "reader", "StoreWriter": "writer",
    "pack": "store_files", "close": "reader",
}  # fmt: skip

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    return globals()[name]
