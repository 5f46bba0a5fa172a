"""How outputs appear: complete sets of files or none, also after a power cut, and one conversion at a time."""

from .interrupted import check_complete, recover
from .locks import WAITING
from .runs import RunFolder, repeatable
from .staging import Staging, dataset_locked

__all__ = ["WAITING", "RunFolder", "Staging", "check_complete", "dataset_locked", "recover", "repeatable"]
