"""The bridge between DICOM and NIfTI that loses nothing.

Public names are loaded when they are first used, so that ``nifti-dicom-bridge --help`` and Slicer's start cost nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compare import Comparison as Comparison
    from .compare import compare as compare
    from .convert import Job as Job
    from .convert import convert as convert
    from .errors import (
        BridgeError as BridgeError,
    )
    from .errors import (
        Cancelled as Cancelled,
    )
    from .formats import read as read
    from .formats import write as write
    from .options import ConversionOptions as ConversionOptions

_HOMES = {
    "compare": "Comparison compare",
    "convert": "Job convert",
    "errors": "BridgeError Cancelled DependencyError DicomReadError GeometryError NiftiReadError OptionError OutputError "
    "PixelError SidecarError",
    "formats": "read write",
    "metadata": "Change Element Instance Log SeriesMetadata",
    "options": "ConversionOptions Names Progress Target Uids",
    "pixels": "PixelRecord",
    "report": "ConversionReport Entry Outcome",
    "sidecar": "read_sidecar",
    "volume": "Origin Rescale Volume",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # bound for good: importing the module `convert` would otherwise leave the module under the name of its function
    for other, home in _HOME_OF.items():
        if home == _HOME_OF[name]:
            globals()[other] = getattr(import_module(f".{home}", __name__), other)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
