"""A CT and an MR of real scanners: from Orthanc, through a segmentation and a denoiser, and back to Orthanc."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ArchiveSettings, fetch, listen, send
from nifti_dicom_bridge.cli.commands import main
from support import archives
from support.archives import PASSWORD, USER
from support.oracles import module
from support.paths import CASES, SHARED, TOOL_STAND_INS

ndimage = module("scipy.ndimage")
CT, MR = "rt-sts002-ct", "mr-siemens-implicit"
TOOLS = TOOL_STAND_INS / "scipy_tools.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not {CT, MR} <= set(CASES), reason="there is no ../shared/data next to the repository"),
]


def headers(folder):
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def is_dicom(path):
    return path.read_bytes()[128:132] == b"DICM"


def only(case, modality):
    """Return the data sets of one modality of a case, and their paths."""
    paths = [path for path in sorted((SHARED / case / "dicom").rglob("*")) if path.is_file()]
    found = [(pydicom.dcmread(path), path) for path in paths]
    chosen = [(one, path) for one, path in found if one.get("Modality") == modality]
    series = chosen[0][0].SeriesInstanceUID
    return [(one, path) for one, path in chosen if one.SeriesInstanceUID == series]


@pytest.fixture
def originals(orthanc, settings, monkeypatch):
    """The CT and the MR by modality, sent to the archive; credentials are in the environment."""
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_USER", USER)
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_PASSWORD", PASSWORD)
    chosen = {"CT": only(CT, "CT"), "MR": only(MR, "MR")}
    for series in chosen.values():
        assert send([path for _, path in series], orthanc.pacs, settings).ok
    return {modality: [one for one, _ in series] for modality, series in chosen.items()}


def apply(source, output, modality, archive):
    task, kind = {"CT": ("threshold", "seg"), "MR": ("smooth", "auto")}[modality]
    command = [sys.executable, str(TOOLS), task, "{input}", "{output}"]
    words = ["apply", source, "-o", output, "--select", f"Modality={modality}", "--as", kind, "--send", archive, "--", *command]
    return main([str(word) for word in words])


def by_place(instances):
    """Return pixel values × slope + intercept of classic images by position, as rounded numbers."""
    return {tuple(np.round([float(x) for x in one.ImagePositionPatient], 2)): real(one) for one in instances}


def real(one):
    return one.pixel_array * float(one.get("RescaleSlope", 1)) + float(one.get("RescaleIntercept", 0))


def assert_of_the_same_patient(made, original):
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert made.get(keyword) == original.get(keyword), keyword
    assert made.SeriesInstanceUID != original.SeriesInstanceUID
    assert made.SeriesNumber != original.SeriesNumber


def assert_right(fetched, originals):
    """The segmentation marks bright voxels of the CT, the denoised series is the smoothed MR, both where their images are."""
    modalities = defaultdict(list)
    for one in fetched:
        modalities[one.Modality].append(one)
    (seg,) = modalities["SEG"]
    assert_of_the_same_patient(seg, originals["CT"][0])
    ct = by_place(originals["CT"])
    values = np.concatenate([image.ravel() for image in ct.values()])
    bright = values.mean() + values.std()
    places = [frame.PlanePositionSequence[0].ImagePositionPatient for frame in seg.PerFrameFunctionalGroupsSequence]
    marked = [
        (ct[tuple(np.round([float(x) for x in place], 2))], mask) for place, mask in zip(places, seg.pixel_array, strict=True)
    ]
    assert all((image[mask != 0] > bright - 1e-6).all() for image, mask in marked)
    assert sum(int(np.count_nonzero(mask)) for _, mask in marked) == int((values > bright).sum())

    known = {one.SOPInstanceUID for one in originals["MR"]}
    denoised = [one for one in modalities["MR"] if one.SOPInstanceUID not in known]
    assert {one.ImageType[0] for one in denoised} == {"DERIVED"}
    assert_of_the_same_patient(denoised[0], originals["MR"][0])
    before, after = by_place(originals["MR"]), by_place(denoised)
    assert before.keys() == after.keys()
    ordered = sorted(before, key=lambda place: np.dot(place, normal(originals["MR"][0])))
    smooth = ndimage.gaussian_filter(np.stack([before[place] for place in ordered]).astype(float), 1.0)
    made = np.stack([after[place] for place in ordered])
    assert np.abs(made - smooth).max() <= 0.01 * np.ptp(smooth)


def normal(one):
    axes = np.array([float(x) for x in one.ImageOrientationPatient]).reshape(2, 3)
    return np.cross(*axes)


@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_what_tools_make_is_in_the_study_and_is_sent_once(orthanc, settings, originals, tmp_path, protocol):
    archive = getattr(orthanc, protocol)
    studies = [str(series[0].StudyInstanceUID) for series in originals.values()]
    assert fetch(archive, tmp_path / "in", study=studies, settings=settings).ok
    for modality in originals:
        assert apply(tmp_path / "in", tmp_path / "out" / modality, modality, archive) == 0
    stored = orthanc.instances()
    assert send(tmp_path / "out", archive, settings).count("sent") == 0
    for modality in originals:  # outputs exist: nothing is made, and nothing is sent
        assert apply(tmp_path / "in", tmp_path / "out" / modality, modality, archive) == 1
    assert orthanc.instances() == stored
    fetch(archive, tmp_path / "back", study=studies, settings=settings)
    assert_right(headers(tmp_path / "back"), originals)


def test_the_same_through_listen(orthanc, settings, originals, tmp_path):
    port, stop, done = archives.free_port(), threading.Event(), []

    def process(study):
        modality = str(next(iter(headers(study))).Modality)
        assert apply(study, tmp_path / "out" / modality, modality, orthanc.pacs) == 0
        done.append(modality)
        if len(done) == 2:
            stop.set()

    options = {"on_study": process, "quiet_s": 1, "stop": stop, "report": lambda text: None}
    thread = threading.Thread(target=listen, args=(tmp_path / "in", port, "RESEARCH"), kwargs=options)
    thread.start()
    archives.wait_for_port(port)
    for case, modality in ((CT, "CT"), (MR, "MR")):
        paths = [path for _, path in only(case, modality)]
        assert send(paths, f"pacs:RESEARCH@127.0.0.1:{port}", ArchiveSettings(retries=0)).ok
    thread.join()
    assert sorted(done) == ["CT", "MR"]
    studies = [str(series[0].StudyInstanceUID) for series in originals.values()]
    fetch(orthanc.dicomweb, tmp_path / "back", study=studies, settings=settings)
    assert_right(headers(tmp_path / "back"), originals)


# --- gradients of a real diffusion series, and kinds that are not made by samples ------------------------------------------

DWI = "mr-ge-dwi"
COPY = "import json, pathlib, shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
COPY += "; pathlib.Path(sys.argv[5]).write_text(json.dumps([pathlib.Path(p).read_text() for p in sys.argv[3:5]]))"


@pytest.mark.skipif(DWI not in CASES, reason="there is no ../shared/data next to the repository")
def test_gradients_of_a_real_series_reach_the_command(tmp_path):
    import json

    from nifti_dicom_bridge import read

    (diffusion,) = [volume for volume in read(SHARED / DWI / "dicom") if volume.gradients is not None][:1]
    command = [sys.executable, "-c", COPY, "{input}", "{output}", "{bval}", "{bvec}", str(tmp_path / "seen.json")]
    assert main(["apply", str(SHARED / DWI / "dicom"), "-o", str(tmp_path / "out"), "--", *command]) in (0, 1)
    b_values, vectors = json.loads((tmp_path / "seen.json").read_text())
    np.testing.assert_allclose([float(word) for word in b_values.split()], diffusion.gradients[:, 0])
    numbers = np.array([[float(word) for word in line.split()] for line in vectors.splitlines()])
    assert numbers.shape == (3, diffusion.times)
    lengths = np.linalg.norm(numbers, axis=0)
    np.testing.assert_allclose(lengths[diffusion.gradients[:, 0] > 0], 1, atol=1e-3)


FURTHER = ["ct-enhanced-nema", "pet-dro-suv", "rt-sts002-ct", "rt-dose-small", "pm-float"]


@pytest.mark.parametrize("case", [case for case in FURTHER if case in CASES])
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_further_kinds_come_back_as_they_were_sent(orthanc, settings, tmp_path, protocol, case):
    """Enhanced CT, PET, RT structure sets, plans and doses, parametric maps of floating point; file meta of other UIDs, too."""
    files = [path for path in sorted((SHARED / case / "dicom").rglob("*")) if path.is_file() and is_dicom(path)]
    sent = {str(one.SOPInstanceUID): one for one in map(pydicom.dcmread, files)}
    report = send(SHARED / case / "dicom", getattr(orthanc, protocol), settings)
    assert report.ok, [entry.line() for entry in report.entries if entry.error]
    studies = sorted({str(one.StudyInstanceUID) for one in sent.values()})
    assert fetch(getattr(orthanc, protocol), tmp_path / "back", study=studies, settings=settings).ok
    back = {str(one.SOPInstanceUID): one for one in headers(tmp_path / "back")}
    assert back.keys() == sent.keys()
    for uid, one in sent.items():
        assert back[uid] == one, uid
