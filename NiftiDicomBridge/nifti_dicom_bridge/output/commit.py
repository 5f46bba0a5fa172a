"""The commit of a set of outputs: all of them or none, also when the process is killed in the middle.

A staging folder contains ``new/`` (complete outputs), ``old/`` (what they replace) and, from the moment when the commit is
decided, a journal. Each step can be repeated, so whoever finds a journal can complete the commit or take it back. Files are
replaced by `os.replace`, folders by an exchange of names: an output that exists is never missing under its name.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from ..errors import OutputError
from ..model.files.json_files import read_json
from ..model.files.names import portability_problem
from ..model.processes.limits import SizeLimitError
from . import durable

NEW, OLD = "new", "old"
JOURNAL, UNDO = "commit.json", "undo.json"


class Step(NamedTuple):
    """One output of a commit.

    Attributes
    ----------
    name : str
        Relative to the folder of the outputs, POSIX separators.
    action : str
        ``file`` and ``folder`` are put in place; ``remove`` takes away what belonged to a former output.
    replaces : bool
        Whether something existed under the name before.
    node : int
        Identifies the new folder in the file system; 0 for files.
    """

    name: str
    action: Literal["file", "folder", "remove"]
    replaces: bool
    node: int = 0


class Commit:
    """Puts the outputs of a staging folder in place.

    Parameters
    ----------
    staging : pathlib.Path
        The staging folder.
    folder : pathlib.Path
        Where the outputs go.
    steps : sequence of Step
        In the order in which they are done.
    made : sequence of str
        Folders below `folder` that did not exist before, outermost first.
    """

    def __init__(self, staging: Path, folder: Path, steps: Sequence[Step], made: Sequence[str]):
        self.staging, self.folder, self.steps, self.made = staging, folder, tuple(steps), tuple(made)

    @classmethod
    def plan(cls, staging: Path, folder: Path, names: Sequence[str], removed: Sequence[str]) -> Commit:
        """Return the commit of outputs that are complete in the staging folder.

        Parameters
        ----------
        staging, folder
            As for the class.
        names : sequence of str
            The outputs; images come last, so that one is never without its companion files.
        removed : sequence of str
            Outputs of the former set that the new one does not have.
        """
        steps = [Step(name, "remove", True) for name in removed]
        for name in names:
            new = (staging / NEW / name).lstat()  # one that was not written is an error
            is_folder = stat.S_ISDIR(new.st_mode)
            replaces = os.path.lexists(folder / name)
            steps.append(Step(name, "folder" if is_folder else "file", replaces, new.st_ino if is_folder else 0))
        parents = {parent for name in names for parent in PurePosixPath(name).parents if parent != PurePosixPath(".")}
        made = sorted((str(parent) for parent in parents if not (folder / parent).exists()), key=len)
        return cls(staging, folder, steps, made)

    @classmethod
    def unfinished(cls, staging: Path, folder: Path) -> tuple[Commit, bool] | None:
        """Return a commit that was decided and not finished, and whether it is to be taken back; None if there is none.

        Raises
        ------
        OutputError
            If the journal is damaged, or names files outside of the folder.
        """
        for journal, undo in ((JOURNAL, False), (UNDO, True)):
            if (staging / journal).is_file():
                return cls(staging, folder, *_read_journal(staging / journal)), undo
        return None

    def decide(self) -> None:
        """Write the journal, when everything in the staging folder is on the disk."""
        durable.sync(durable.tree(self.staging / NEW))
        content = {"steps": [step._asdict() for step in self.steps], "made": self.made}
        durable.write_file(self.staging / JOURNAL, json.dumps(content).encode("utf-8"))
        durable.sync([self.staging.parent, self.folder])

    def complete(self) -> None:
        """Do all steps that are not done; they are on the disk when it returns, and the journal is gone."""
        for parent in {(self.folder / step.name).parent for step in self.steps}:
            parent.mkdir(parents=True, exist_ok=True)
        for step in self.steps:
            _DO[step.action](self, step)
        self._finish(JOURNAL)

    def undo(self) -> None:
        """Put back what was there before."""
        if (self.staging / JOURNAL).exists():
            durable.replace(self.staging / JOURNAL, self.staging / UNDO)  # needs no space
        for step in reversed(self.steps):
            _UNDO[step.action](self, step)
        for name in reversed(self.made):
            with suppress(OSError):  # it is not empty, or was never made
                (self.folder / name).rmdir()
        self._finish(UNDO)

    def _finish(self, journal: str) -> None:
        parents = {(self.folder / step.name).parent for step in self.steps}
        durable.sync(parent for parent in sorted(parents) if parent.is_dir())
        (self.staging / journal).unlink(missing_ok=True)

    def _paths(self, step: Step) -> tuple[Path, Path, Path]:
        return self.staging / NEW / step.name, self.folder / step.name, self.staging / OLD / step.name

    def _put_file(self, step: Step) -> None:
        new, place, old = self._paths(step)
        if os.path.lexists(new):
            if os.path.lexists(place):
                durable.keep(place, old)
            durable.replace(new, place)

    def _put_folder(self, step: Step) -> None:
        new, place, old = self._paths(step)
        if not os.path.lexists(new) or _is_exchanged(new, place, step):
            return
        if os.path.lexists(place) and not durable.exchange(new, place):
            old.parent.mkdir(parents=True, exist_ok=True)
            durable.replace(place, old)
        if not os.path.lexists(place):
            durable.replace(new, place)

    def _remove(self, step: Step) -> None:
        _, place, old = self._paths(step)
        if os.path.lexists(place):
            old.parent.mkdir(parents=True, exist_ok=True)
            durable.replace(place, old)

    def _restore_file(self, step: Step) -> None:
        new, place, old = self._paths(step)
        if os.path.lexists(new):
            return  # it was not put in place: on Windows, another program may have the former one open
        if step.replaces and os.path.lexists(old):
            durable.replace(old, place)
        elif not step.replaces:
            place.unlink(missing_ok=True)

    def _restore_folder(self, step: Step) -> None:
        new, place, old = self._paths(step)
        if not os.path.lexists(new):
            if os.path.lexists(place):
                durable.replace(place, new)
        elif _is_exchanged(new, place, step) and not durable.exchange(new, place):  # on another system now
            old.parent.mkdir(parents=True, exist_ok=True)
            durable.replace(new, old)
            durable.replace(place, new)
        if os.path.lexists(old) and not os.path.lexists(place):
            durable.replace(old, place)


def _is_exchanged(new: Path, place: Path, step: Step) -> bool:
    """Whether a folder and its successor have exchanged their names; some network drives number all folders alike."""
    return os.path.lexists(place) and place.stat().st_ino == step.node != new.lstat().st_ino


def _read_journal(path: Path) -> tuple[list[Step], list[str]]:
    """Return the steps and the new folders of a journal; whoever can write to the folder may have written it."""
    try:
        content = read_json(path)
        steps, made = [Step(**step) for step in content["steps"]], list(content["made"])
        for name in (*made, *(step.name for step in steps)):
            if not name or PurePosixPath(name).is_absolute() or portability_problem(name):
                raise ValueError(f"{name!r} is not a name below the folder")
        if not {step.action for step in steps} <= _DO.keys():
            raise ValueError("it contains an unknown action")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SizeLimitError) as error:
        raise OutputError(
            f"{path}: the journal of an interrupted conversion cannot be used ({error}). The outputs of that conversion are in "
            f"{path.parent}: move or remove this folder, and repeat the conversion."
        ) from error
    return steps, made


_DO = {"file": Commit._put_file, "folder": Commit._put_folder, "remove": Commit._remove}
_UNDO = {"file": Commit._restore_file, "folder": Commit._restore_folder, "remove": Commit._restore_file}
