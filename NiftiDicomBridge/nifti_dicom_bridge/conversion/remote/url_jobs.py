"""URLs as inputs and outputs of a conversion: objects are mirrored as files, fetched for each task, and published after it."""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ...errors import BridgeError, OptionError
from ...model.files.names import portability_problem, safe_name
from ...model.report import ConversionReport, Entry, Outcome
from ...options import Progress
from ...options.urls import UrlPath, is_url, local_path, url_of
from ...output import observed_commits
from ..execution.recorded_errors import errors_recorded_in
from ..execution.tasks import Task, size_of
from .shown_places import ShownPlaces

if TYPE_CHECKING:
    from ..execution.task_runner import TaskRunner
    from .mirror import Mirror

MIRRORS = "mirrors.pickle"
NOWHERE = Path()
"""The output of what writes nothing."""


@dataclass
class Workspace:
    """The folder of mirrors of one conversion.

    Attributes
    ----------
    folder : pathlib.Path
        The folder; empty where nothing is a URL.
    inputs : list of Mirror
        The inputs that are URLs.
    output : Mirror, optional
        The output, if it is a URL.
    """

    folder: Path = Path()
    inputs: list[Mirror] = field(default_factory=list)
    output: Mirror | None = None

    @property
    def mirrors(self) -> list[Mirror]:
        """All mirrors."""
        return [*self.inputs, *([self.output] if self.output else [])]

    def prepared(self, tasks: Sequence[Task]) -> Sequence[Task]:
        """Return tasks that fetch their inputs before they convert, and publish their outputs afterwards."""
        if not self.mirrors:
            return tasks
        (self.folder / MIRRORS).write_bytes(pickle.dumps(self))
        counts = Counter(path for task in tasks for path in task.inputs)
        return [
            replace(task, convert=partial(_converted, task, self.folder, [path for path in task.inputs if counts[path] > 1]))
            for task in tasks
        ]

    @property
    def shown(self) -> ShownPlaces:
        """URLs in place of the files of the mirrors."""
        return ShownPlaces({mirror.folder: mirror.shown for mirror in self.mirrors})

    def refused(self, are_named: bool) -> list[Entry]:
        """Return an entry for each object that cannot be read; names may identify a patient."""
        refused = [(mirror.shown, name, reason) for mirror in self.inputs for name, reason in mirror.refused.items()]
        if not are_named:
            return [Entry("object", Outcome.FAILED, error=reason) for _, _, reason in refused]
        return [
            Entry(name, Outcome.FAILED, [cast("Path", UrlPath(url, name))], error=f"{url}/{name}: {reason}")
            for url, name, reason in refused
        ]


def convert_mirrors(
    inputs: Sequence[Path],
    output: Path,
    finished: Callable[[Entry], None] | None,
    runner_of: Callable[..., TaskRunner],
    convert: Callable[..., ConversionReport],
    are_named: bool,
) -> ConversionReport:
    """Return the report of a conversion with URLs; `convert` takes the first four arguments with files in place of objects.

    Objects that were refused are listed by name on request.
    """
    with mirrored(inputs, output) as (workspace, files, folder):
        report = convert(files, folder, workspace.shown.finishing(finished), _with_prepared(runner_of, workspace))
    shown = workspace.shown.report(report)
    return replace(shown, entries=[*shown.entries, *workspace.refused(are_named)])


@contextmanager
def mirrored(inputs: Sequence[Path], output: Path = NOWHERE) -> Iterator[tuple[Workspace, list[Path], Path]]:
    """Yield a workspace, and inputs and output as paths: URLs are replaced by the folders of their mirrors.

    Raises
    ------
    BridgeError
        If a store cannot be used, or has nothing below the URL of an input. Messages contain URLs, not folders.
    """
    inputs = [local_path(path) or path for path in inputs]
    output = local_path(output) or output
    if not any(map(is_url, (*inputs, output))):
        yield Workspace(), inputs, output
        return
    from .publish import publish_tables

    with tempfile.TemporaryDirectory(prefix="nifti-dicom-bridge-") as folder:
        workspace = Workspace(Path(folder).resolve())
        try:
            paths = [_input(path, workspace) for path in inputs]
            if is_url(output):
                place = workspace.folder / "output" / _folder_name(url_of(output))
                workspace.output = _mirror_of(url_of(output), place, is_output=True)
                output = workspace.output.folder
            yield workspace, paths, output
            if workspace.output is not None:
                publish_tables(workspace.output.folder, workspace.output.url)
        except OptionError:
            raise
        except BridgeError as error:
            workspace.shown.restate(error)
            raise
        finally:
            for mirror in workspace.mirrors:
                mirror.forget()


def _input(path: Path, workspace: Workspace) -> Path:
    """Return the path of an input; that of an object is the file that represents it."""
    if not is_url(path):
        return path
    url = url_of(path)
    name = _folder_name(url.partition("::")[0])
    mirror = _mirror_of(url, workspace.folder / str(len(workspace.inputs)) / name)
    workspace.inputs.append(mirror)
    if not mirror.objects and not mirror.refused:
        raise BridgeError(f"{url}: no such object, and none below it. Check the URL.")
    only = next(iter(mirror.objects.values()), None)
    if only is not None and len(mirror.objects) == 1 and only.key.endswith(only.name) and url.endswith("/" + only.name):
        return mirror.folder / only.name
    return mirror.folder


def _folder_name(url: str) -> str:
    """Return the last part of a URL as the name of a folder, which on Windows contains no colon."""
    name = url.rpartition("/")[2]
    return safe_name(name, any_script=True, default="objects") if portability_problem(name) or not name else name


def _mirror_of(url: str, folder: Path, is_output: bool = False) -> Mirror:
    """Return the mirror of a URL; what it needs is not imported for files."""
    from .mirror import Mirror

    return Mirror.of(url, folder, is_output)


@lru_cache(maxsize=1)
def _workspace_in(folder: Path) -> Workspace:
    """Return the workspace of the process that made it, in a process that it started."""
    workspace: Workspace = pickle.loads((folder / MIRRORS).read_bytes())
    for mirror in workspace.mirrors:
        mirror.activate()
    return workspace


def _converted(task: Task, folder: Path, shared: Sequence[Path], progress: Progress | None) -> Entry:
    """Convert the image of a task: its objects are fetched, and outputs are published when all of them are complete."""
    from .publish import publish

    workspace = _workspace_in(folder)
    entry = Entry(task.title, Outcome.CONVERTED, task.inputs)
    with errors_recorded_in(entry):
        fetched = [(mirror, mirror.fetch(task.inputs)) for mirror in workspace.inputs]
        try:
            read = size_of(task.inputs)
            with observed_commits() as commits:
                entry = task.convert(progress)
            entry.execution = replace(entry.execution, read=read)
            if workspace.output is not None and commits:
                with errors_recorded_in(entry):
                    written = publish(commits, workspace.output.url)
                    entry.execution = replace(entry.execution, written=written)
        finally:
            for mirror, paths in fetched:
                mirror.release(path for path in paths if path not in shared)
    return workspace.shown.entry(entry)


def _with_prepared(runner_of: Callable[..., TaskRunner], workspace: Workspace) -> Callable[..., TaskRunner]:
    """Return what makes a runner whose tasks fetch and publish objects, where inputs or output are URLs."""

    def runner(*arguments: Any) -> TaskRunner:
        made = runner_of(*arguments)
        made.prepare = workspace.prepared
        return made

    return runner
