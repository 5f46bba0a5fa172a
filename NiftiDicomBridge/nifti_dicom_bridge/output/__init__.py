"""How outputs appear: complete sets of files or none, also after a power cut, and one conversion at a time."""

from .interrupted import check_complete, recover
from .locks import WAITING, FolderLock, dataset_lock
from .staging import Staging

__all__ = ["WAITING", "FolderLock", "Staging", "check_complete", "dataset_lock", "recover"]
