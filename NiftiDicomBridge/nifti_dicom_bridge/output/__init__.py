"""How outputs appear: complete sets of files or none, also after a power cut, and one conversion at a time."""

from .interrupted import check_complete, recover
from .locks import WAITING
from .observers import Committed, observed_commits
from .runs import RunFolder, repeatable
from .staging import Staging, dataset_locked

__all__ = [
    "WAITING", "Committed", "RunFolder", "Staging", "check_complete", "dataset_locked", "observed_commits", "recover",
    "repeatable",
]  # fmt: skip
