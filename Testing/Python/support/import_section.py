"""What tests read of and enter into the section *Convert to DICOM*."""

import numpy as np

from support.panel_helpers import settle, shown


def image(path, sidecar="", ijk_to_ras=None):
    import nibabel

    path.parent.mkdir(exist_ok=True)
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(6, 5, 4)
    saved = nibabel.Nifti1Image(voxels, np.diag([2, 2, 3, 1]) if ijk_to_ras is None else ijk_to_ras)
    saved.set_sform(saved.affine, 1)  # coordinates of the scanner
    nibabel.save(saved, path)
    if sidecar:
        path.with_name(path.name.replace(".nii.gz", ".json")).write_text(sidecar)
    return path


def exported_files(logic, node, tmp_path):
    report = logic.exportVolumes([node], tmp_path / "nifti")
    return [path for path in report.outputs if path.suffix != ".json"]


def hint(panel):
    return shown(panel.importing.feedback.hint)


def outcome(panel):
    return shown(panel.importing.feedback.result)


def notes(panel):
    return shown(panel.ui.fileNoteLabel)


def choose_kind(panel, kind):
    box = panel.ui.kindComboBox
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex)
    settle(panel)


def choose_reference(panel, number):
    box = panel.ui.referenceComboBox
    box.setCurrentIndex(number)
    box.activated.emit(number)
    settle(panel)


def references(panel):
    box = panel.ui.referenceComboBox
    return [box.itemText(n) for n in range(box.count)]
