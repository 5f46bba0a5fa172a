"""Our loader in Slicer's DICOM module, which also offers the export of a node as the kind that suits it best."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slicer
from DICOMLib import DICOMLoadable
from slicer.i18n import tr as _

from .DICOMExportPlugin import KEY, ExportPlugin, further_plugins

MOST_WARNINGS = 8
"""More would not fit on the screen."""


class DICOMNiftiDicomBridgePluginClass(ExportPlugin):
    """Created by the modules DICOM and Data."""

    def __init__(self):
        from .NewNodes.LoadReasons import TAGS

        super().__init__()
        self.tags.update(TAGS)

    def examineFiles(self, files) -> list[Any]:
        """Return a loadable for every series of images, whether the Python packages are installed or not."""
        from .NewNodes.LoadReasons import BELOW, reason_for

        reason = reason_for(files)
        if reason is None:
            return []
        loadable = DICOMLoadable()
        loadable.files = list(files)
        loadable.name = self.defaultSeriesNodeName(self._series_of(files[0]))
        loadable.tooltip = reason.words()
        loadable.selected = reason.confidence > BELOW
        loadable.confidence = reason.confidence
        return [loadable]

    def load(self, loadable) -> Any:
        """Load files into the scene and return the first node; None if that fails, with the reason shown to the user."""
        try:
            nodes = self._load(loadable)
        except Exception as error:
            from .Panel.Views import plain

            logging.error("%s: %s", loadable.name, error)
            slicer.util.errorDisplay(plain(f"{loadable.name}: {error}"))
            return None
        return nodes[0] if nodes else None

    def _load(self, loadable: Any) -> list[Any]:
        from .Host import Dependencies

        Dependencies.require()
        from nifti_dicom_bridge import read

        from .NewNodes.NodeFactory import add_series
        from .Originals.PixelsOfSegmentations import placed_by_images

        named = [Path(name) for name in loadable.files]
        files = [path for path in named if path.is_file()] or named
        gone = [_("{path}: no such file. It was moved or deleted.").format(path=path) for path in named if path not in files]
        volumes = placed_by_images(read(files, skip_damaged=True), files)
        warnings = list(dict.fromkeys([*(text for volume in volumes for text in volume.warnings), *gone]))
        for text in warnings:
            logging.warning("%s: %s", loadable.name, text)
        nodes = add_series(volumes, loadable.name)
        of_files = [text for text in warnings if any(str(path) in text for path in named)]
        if of_files:
            self._warn_of_files(loadable.name, sorted(of_files))
        return nodes

    def _warn_of_files(self, name: str, reasons: Sequence[str]) -> None:
        """Show which files an image lacks: a warning in the log alone would be seen too late."""
        from .Panel.Views import plain

        text = _("{name} is incomplete: it was loaded without {count} file(s) that are damaged or missing.")
        more = [_("Slicer's log contains all.")] if len(reasons) > MOST_WARNINGS else []
        slicer.util.warningDisplay(
            plain("\n\n".join([text.format(name=name, count=len(reasons)), *reasons[:MOST_WARNINGS], *more]))
        )

    def _series_of(self, path: str) -> str:
        from .Host import Database
        from .NewNodes.LoadReasons import TAGS

        return Database.value_of(path, TAGS["seriesInstanceUID"])


def register() -> None:
    """Add the plugins to those of Slicer's DICOM module, or replace them after a reload.

    Slicer loads by plugin, in their order. Ours are the last ones: what refers to images is loaded after these.
    """
    try:
        plugins = slicer.modules.dicomPlugins
    except AttributeError:
        plugins = slicer.modules.dicomPlugins = {}
    ours = {KEY: DICOMNiftiDicomBridgePluginClass, **further_plugins()}
    for key in ours:
        plugins.pop(key, None)
    plugins.update(ours)
