"""Sample Data: a sample without a download."""

import numpy as np

from support.slicer_helpers import MessageBoxes, grid_of, hierarchy_of, ijk_to_ras, images, outcomes


def test_sample_is_offered_and_loads_without_download(slicer, module):
    import SampleData

    SampleData.SampleDataLogic._sources.clear()
    slicer.app.startupCompleted.emit()
    ((category, (sample,)),) = SampleData.SampleDataLogic.sampleDataSourcesByCategory().items()
    assert category == "NIfTI-DICOM Bridge"
    boxes = MessageBoxes()
    (node,) = sample.customDownloader(sample)
    assert boxes.stop() == []
    hierarchy = hierarchy_of(slicer)
    patient = hierarchy.GetItemAncestorAtLevel(hierarchy.GetItemByDataNode(node), "Patient")
    assert hierarchy.GetItemAttribute(patient, "DICOM.PatientName") == "Διονυσιος"


def test_sample_goes_the_whole_way_round(slicer, module, logic, database, tmp_path):
    from NiftiDicomBridgeLib.Samples import load_sample

    report = logic.exportVolumes(load_sample(), tmp_path / "nifti")
    assert outcomes(logic.importNifti(images(report))) == ["reissued"]
    np.testing.assert_allclose(
        grid_of(images(report)[0]), ijk_to_ras(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")[0]), atol=1e-3
    )
