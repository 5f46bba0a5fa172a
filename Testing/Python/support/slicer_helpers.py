"""What the tests of the Slicer side share."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

ROWS, COLUMNS = slice(1, 3), slice(2, 5)
"""Where tests draw on images of one frame."""

XA = "1.2.840.10008.5.1.4.1.1.12.1"


def images(report) -> list[Path]:
    return [path for path in report.outputs if path.suffix != ".json"]


def outcomes(report) -> list[str]:
    return [entry.outcome.value for entry in report.entries]


def voxels_of(path) -> np.ndarray:
    """Stored values of a NIfTI, in the order of a node's array: NIfTI counts rows upwards."""
    import nibabel

    return np.asarray(nibabel.load(path).dataobj.get_unscaled()).T[..., ::-1, :]


def grid_of(path) -> np.ndarray:
    """IJK → RAS of a NIfTI, with rows counted downwards as a node's."""
    import nibabel

    image = nibabel.load(path)
    downwards = np.diag([1.0, -1.0, 1.0, 1.0])
    downwards[1, 3] = image.shape[1] - 1
    return image.affine @ downwards


def sidecar_of(path: Path) -> dict:
    return json.loads(Path(str(path).removesuffix(".gz").removesuffix(".nii") + ".json").read_text("utf-8"))


def ijk_to_ras(node) -> np.ndarray:
    import slicer
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def set_ijk_to_ras(node, matrix) -> None:
    import slicer

    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.asarray(matrix, float)))


def wait_until(condition, seconds: float = 600) -> None:
    """Run Qt's event loop until a condition holds: code that Qt calls runs inside of it, as everything does in Slicer."""
    import qt

    if condition():
        return
    end, problems, loop, timer = time.monotonic() + seconds, [], qt.QEventLoop(), qt.QTimer()

    def look():
        try:
            assert time.monotonic() < end, "it did not happen in time"
            done = condition()
        except BaseException as error:
            problems.append(error)
            done = True
        time.sleep(0.001)  # gives the interpreter to other threads
        if done:
            loop.quit()

    timer.timeout.connect(look)
    timer.start(2)
    loop.exec()
    timer.stop()
    if problems:
        raise problems[0]


def in_event_loop(action) -> None:
    """Run something from Qt's event loop, as everything runs in Slicer."""
    import qt

    loop = qt.QEventLoop()

    def run():
        try:
            action()
        finally:
            loop.quit()

    qt.QTimer.singleShot(0, run)
    loop.exec()


def click(button) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    in_event_loop(lambda: QTest.mouseClick(button, Qt.LeftButton))


class MessageBoxes:
    """Closes message boxes as they appear, by one of their buttons if it is named, and keeps their texts."""

    def __init__(self, press: str = ""):
        import qt

        self.texts: list[str] = []
        self._press = press
        self._timer = qt.QTimer()
        self._timer.timeout.connect(self._close)
        self._timer.start(20)

    def _close(self) -> None:
        import qt

        box = qt.QApplication.activeModalWidget()
        if box is not None:
            self.texts.append(box.text)
            named = [button for button in box.buttons() if self._press and self._press in button.text.replace("&", "")]
            (named[0].click if named else box.accept)()

    def stop(self) -> list[str]:
        self._timer.stop()
        return self.texts


class ExportDialog:
    """Slicer's dialog "Export to DICOM" without its window (qSlicerDICOMExportDialog.cxx, qSlicerDICOMTagEditorWidget.cxx).

    One row per plugin class, with the mean confidence of its exportables; all of them go to its ``export``. Values of the tag
    editor are stored in the subject hierarchy before that.
    """

    def __init__(self, node):
        import slicer

        self.hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        self.item = self.hierarchy.GetItemByDataNode(node)
        found = [e for make in list(slicer.modules.dicomPlugins.values()) for e in make().examineForExport(self.item)]
        self.rows = {}
        for exportable in found:
            self.rows.setdefault(exportable.pluginClass, []).append(exportable)

    def confidences(self):
        """Text of each row → mean confidence, the highest first."""
        means = {row[0].name: sum(e.confidence for e in row) / len(row) for row in self.rows.values()}
        return dict(sorted(means.items(), key=lambda pair: -pair[1]))

    def names(self):
        return [name.removesuffix(" – NIfTI-DICOM Bridge") for name in self.confidences()]

    def select(self, kind=None):
        """Select the row of a kind, the first one without."""
        names = list(self.confidences())
        wanted = names[0] if kind is None else f"{kind} – NIfTI-DICOM Bridge"
        return next(row for row in self.rows.values() if row[0].name == wanted)

    def export(self, folder, kind=None, **typed):
        """Select a row, type values, press Export; returns the files and the error text."""
        import slicer

        row = self.select(kind)
        self._fill(row)
        for exportable in row:
            exportable.directory = str(folder)
            for name, value in typed.items():
                exportable.setTag(name, value)
        self._commit(typed)
        error = slicer.modules.dicomPlugins[row[0].pluginClass]().export(row)
        files = sorted(Path(folder).glob("*")) if Path(folder).is_dir() else []
        assert all(path.is_file() for path in files)  # the dialog leaves folders behind in its temporary folder
        return files, error

    def _levels(self):
        study = self.hierarchy.GetItemParent(self.item)
        patient = self.hierarchy.GetItemParent(study)
        return (patient, study) if patient else ()

    def _fill(self, row):
        """Show the attributes of patient and study, and those of the series in place of the defaults."""
        for level in (*self._levels(), self.item):
            for name in self.hierarchy.GetItemAttributeNames(level):
                value = self.hierarchy.GetItemAttribute(level, name)
                for exportable in row if name.startswith("DICOM.") else ():
                    exportable.setTag(name.removeprefix("DICOM."), value)

    def _commit(self, typed):
        levels = self._levels()
        for name, value in typed.items():
            if levels:
                patient, study = levels
                level = patient if name.startswith("Patient") else study if name.startswith("Study") else self.item
                self.hierarchy.SetItemAttribute(level, "DICOM." + name, value)


def hierarchy_of(slicer):
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
