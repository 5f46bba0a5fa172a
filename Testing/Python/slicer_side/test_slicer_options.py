"""Slicer refuses the contradictions of options that Python and the command line refuse, for the same reason."""

from __future__ import annotations

import pytest

from support.contradicting_options import EXAMPLES, RULE_OF, options_of
from support.slicer_helpers import images

TARGET_OF = {code: choices.get("target", "nifti") for code, choices in EXAMPLES.items()}
EXPORTED = [code for code, target in TARGET_OF.items() if target != "dicom"]
IMPORTED = [code for code, target in TARGET_OF.items() if target == "dicom"]


def reason(code, folder):
    return str(RULE_OF[code].error(options_of(code, folder)))


@pytest.mark.parametrize("code", EXPORTED)
def test_export_of_nodes_refuses_it(code, logic, node, tmp_path):
    from nifti_dicom_bridge import OptionError

    with pytest.raises(OptionError) as caught:
        logic.exportVolumes([node], tmp_path / "out", options_of(code, tmp_path))
    assert (caught.value.code, str(caught.value)) == (code, reason(code, tmp_path))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("code", EXAMPLES)
def test_export_of_series_refuses_it(code, logic, node, database, tmp_path):
    from nifti_dicom_bridge import OptionError

    (series,) = [uid for patient in database.patients() for study in database.studiesForPatient(patient)
                 for uid in database.seriesForStudy(study)]  # fmt: skip
    with pytest.raises(OptionError) as caught:
        logic.exportSeries([series], tmp_path / "out", options_of(code, tmp_path))
    assert (caught.value.code, str(caught.value)) == (code, reason(code, tmp_path))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A NIfTI image."""
    import numpy as np

    from nifti_dicom_bridge import Volume, write

    return write(Volume(np.zeros((1, 2, 3, 4), np.int16), np.eye(4)), tmp_path_factory.mktemp("nifti") / "a.nii")[0]


@pytest.mark.parametrize("code", IMPORTED)
def test_import_refuses_it(code, logic, image, tmp_path):
    from nifti_dicom_bridge import OptionError

    with pytest.raises(OptionError) as caught:
        logic.importNifti([image], options_of(code, tmp_path), database=False, folder=tmp_path / "out")
    assert (caught.value.code, str(caught.value)) == (code, reason(code, tmp_path))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("code", IMPORTED)
def test_the_proposal_gives_the_same_reason(code, logic, image, tmp_path):
    (proposal,) = logic.propose([image], options_of(code, tmp_path))
    assert proposal.error == reason(code, tmp_path)


@pytest.mark.parametrize("choices", [{"layout": "zarr", "gzip": False}, {"layout": "preview", "gzip": False}])
def test_the_hidden_choice_of_gzip_has_no_effect(choices, logic, node, tmp_path):
    assert logic.exportVolumes([node], tmp_path / "out", logic.makeOptions(**choices)).ok


def test_a_choice_that_does_not_exist_is_refused_with_those_that_do(logic):
    from nifti_dicom_bridge import OptionError

    with pytest.raises(OptionError, match="Did you mean uids"):
        logic.makeOptions(uid="keep")


def test_unedited_nodes_are_exported_with_a_key_for_new_uids(logic, node, tmp_path):
    report = logic.exportVolumes([node], tmp_path / "out", logic.makeOptions(deidentify=True, deidentify_key="k" * 16))
    assert report.ok
    assert images(report)


@pytest.mark.parametrize("layout", ["flat", "zarr"])
def test_errors_of_deidentified_exports_do_not_name_the_patient(layout, slicer, logic, node, tmp_path, monkeypatch, caplog):
    from NiftiDicomBridgeLib.Tasks import ExportSources

    def broken(*arguments, **options):
        raise ValueError("cannot read Bridge^Test")

    monkeypatch.setattr(ExportSources, "image_of", broken)
    node.SetName("Bridge Test")
    options = logic.makeOptions(layout=layout, deidentify=True, gzip=False)
    (entry,) = logic.exportVolumes([node], tmp_path / "out", options).entries
    assert "unexpected error (ValueError" in entry.error
    assert "Bridge" not in entry.title + entry.error + caplog.text


def test_refusals_of_deidentified_exports_do_not_name_other_nodes(slicer, logic, node, tmp_path):
    warp = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "warp of Jane Doe")
    node.SetAndObserveTransformNodeID(warp.GetID())
    (entry,) = logic.exportVolumes([node], tmp_path / "out", logic.makeOptions(deidentify=True)).entries
    assert "is under the nonlinear transform" in entry.error
    assert "Jane" not in entry.error


def test_warnings_on_nodes_are_reported_for_zarr_too(logic, node, database, tmp_path):
    database.removeSeries(database.instanceValue(node.GetAttribute("DICOM.instanceUIDs").split()[0], "0020,000e"))
    (entry,) = logic.exportVolumes([node], tmp_path / "out", logic.makeOptions(layout="zarr", gzip=False)).entries
    assert "written without DICOM metadata" in "".join(entry.log.warnings)
