"""NRRD, MetaImage and MGH: voxels and places as SimpleITK and nibabel read them, and what their headers state."""

from __future__ import annotations

import bz2
import gzip
import json
import struct
from pathlib import Path, PureWindowsPath

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ImageReadError, read, to_dicom
from nifti_dicom_bridge.formats import mgh
from nifti_dicom_bridge.formats.nrrd.segments import segments_text
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.model.voxels import packed_samples
from support.grids import ORIENTATIONS, centres, oriented, values_at
from support.other_readers import itk_image

VOXELS = np.arange(1, 61, dtype=np.int16).reshape(1, 3, 4, 5)
ITK_SUFFIXES = ["nrrd", "nhdr", "mha", "mhd"]
TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def save(volume: Volume, name: str, compress: bool = False) -> Path:
    """Write a volume with SimpleITK, or with nibabel for MGH."""
    path = Path(name)
    if path.suffix in (".mgz", ".mgh"):
        import nibabel

        nibabel.save(nibabel.MGHImage(np.asarray(volume.voxels)[0].T.copy(), volume.ijk_to_ras), path)
    else:
        import SimpleITK

        SimpleITK.WriteImage(volume.to_sitk(), name, compress)
    return path


def mgh_image(path: Path) -> tuple[np.ndarray, np.ndarray]:
    import nibabel

    image = nibabel.load(path)
    return np.asarray(image.dataobj).T, np.diag([-1, -1, 1, 1]) @ image.affine


def nrrd(fields: str, voxels: np.ndarray, name: str = "image.nrrd") -> Path:
    """Write an NRRD file with some fields; sizes and type are those of the voxels."""
    types = {"int16": "short", "uint8": "uchar"}
    own = {line.partition(":")[0] for line in fields.splitlines()}
    usual = {
        "type": types[voxels.dtype.name], "dimension": voxels.ndim, "sizes": " ".join(map(str, voxels.shape[::-1])),
        "endian": "little", "encoding": "raw",
    }  # fmt: skip
    header = ["NRRD0005", *(f"{key}: {value}" for key, value in usual.items() if key not in own), fields.strip()]
    Path(name).write_bytes("\n".join([*header, "", ""]).encode() + voxels.tobytes())
    return Path(name)


PLACED = """space: left-posterior-superior
space directions: (1,0,0) (0,2,0) (0,0,3)
space origin: (10,20,30)"""


# --- where voxels are ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
@pytest.mark.parametrize("suffix", [*ITK_SUFFIXES, "mgz"])
def test_voxels_are_where_another_reader_has_them(suffix, order, flips) -> None:
    path = save(oriented(VOXELS, order, flips), f"image.{suffix}")
    array, matrix = mgh_image(path) if suffix == "mgz" else itk_image(path)
    (volume,) = read(path)
    np.testing.assert_array_equal(values_at(array, matrix, centres(volume)), volume.array[0].ravel())
    assert volume.array.size == VOXELS.size


@pytest.mark.parametrize("number", range(0, 48, 5))
@pytest.mark.parametrize("suffix", ["nrrd", "mha", "mgz"])
def test_dicom_is_where_another_reader_has_the_image(suffix, number) -> None:
    import SimpleITK

    path = save(oriented(VOXELS, *ORIENTATIONS[number]), f"image.{suffix}")
    array, matrix = mgh_image(path) if suffix == "mgz" else itk_image(path)
    report = to_dicom(path, "dicom", kind="mr")
    assert report.ok, report
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(report.outputs[0].parent))
    image = SimpleITK.ReadImage(names)
    axes = np.eye(4)
    axes[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    axes[:3, 3] = image.GetOrigin()
    made = SimpleITK.GetArrayFromImage(image)
    places = centres(Volume(made[np.newaxis], np.diag([-1.0, -1, 1, 1]) @ axes))
    np.testing.assert_array_equal(values_at(array, matrix, places), made.ravel())


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("suffix", ITK_SUFFIXES)
def test_every_type_is_read(suffix, dtype, compress) -> None:
    voxels = (VOXELS * 2).astype(dtype)
    path = save(oriented(voxels, *ORIENTATIONS[7]), f"image.{suffix}", compress)
    (volume,) = read(path)
    assert volume.array.dtype == dtype
    np.testing.assert_array_equal(volume.array[0], itk_image(path)[0])


@pytest.mark.parametrize(("written", "name"), [("a.mgz", "image.mgh"), ("a.mgh", "image.mgz")])
def test_mgh_is_gzip_by_its_content(written: str, name: str) -> None:
    volume = oriented(VOXELS, *ORIENTATIONS[11])
    (found,) = read(save(volume, written).rename(name))
    np.testing.assert_array_equal(found.array[0], volume.array[0])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32"])
@pytest.mark.parametrize("name", ["image.mgz", "image.mgh"])
def test_every_type_of_mgh_is_read(name, dtype) -> None:
    path = save(oriented(VOXELS.astype(dtype), *ORIENTATIONS[11]), name)
    (volume,) = read(path)
    assert volume.array.dtype == dtype
    np.testing.assert_array_equal(volume.array[0], mgh_image(path)[0])


@pytest.mark.parametrize("suffix", ["mha", "mgz"])
def test_times_are_read(suffix) -> None:
    voxels = np.arange(2 * 60, dtype=np.int16).reshape(2, 3, 4, 5)
    if suffix == "mgz":
        import nibabel

        nibabel.save(nibabel.MGHImage(voxels.T.copy(), np.diag([1.0, 2, 3, 1])), "image.mgz")
    else:
        save(Volume(voxels, np.diag([-1.0, -2, 3, 1])), "image.mha")
    (volume,) = read(f"image.{suffix}")
    np.testing.assert_array_equal(volume.array, voxels)


def test_colors_of_nrrd_become_colors_of_dicom() -> None:
    colors = np.random.default_rng(0).integers(0, 255, (3, 4, 5, 3)).astype(np.uint8)
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: RGB-color domain domain domain"
    report = to_dicom(nrrd(fields, colors), "dicom")
    assert report.ok, report
    made = [pydicom.dcmread(path) for path in report.outputs]
    assert {one.PhotometricInterpretation for one in made} <= {"RGB", "YBR_FULL"}
    by_place = sorted(made, key=lambda one: int(one.InstanceNumber))
    pixels = by_place[0].pixel_array if len(made) == 1 else np.stack([one.pixel_array for one in by_place])
    np.testing.assert_array_equal(pixels, colors)


def test_vectors_are_not_colors() -> None:
    vectors = np.zeros((3, 4, 5, 3), np.int16)
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: vector domain domain domain"
    assert read(nrrd(fields, vectors))[0].intent == "vector"


def test_an_axis_of_time_may_be_the_first() -> None:
    voxels = np.arange(2 * 60, dtype=np.int16).reshape(3, 4, 5, 2)
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: time domain domain domain"
    np.testing.assert_array_equal(read(nrrd(fields, voxels))[0].array, np.moveaxis(voxels, -1, 0))


def test_space_with_time_has_a_time_step() -> None:
    fields = """space: left-posterior-superior-time
space directions: (1,0,0,0) (0,2,0,0) (0,0,3,0) (0,0,0,2.5)
space origin: (10,20,30,0)
space units: "mm" "mm" "mm" "s\""""
    (volume,) = read(nrrd(fields, np.zeros((2, 3, 4, 5), np.int16)))
    assert (volume.times, volume.time_step_s) == (2, 2.5)
    np.testing.assert_allclose(volume.ijk_to_ras, [[-1, 0, 0, -10], [0, -2, 0, -20], [0, 0, 3, 30], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("space", "signs"),
    [("left-posterior-superior", (-1, -1)), ("LPS", (-1, -1)), ("right-anterior-superior", (1, 1)), ("RAS", (1, 1)),
     ("left-anterior-superior", (-1, 1))],
)  # fmt: skip
def test_space_gives_the_signs(space, signs) -> None:
    (volume,) = read(nrrd(PLACED.replace("left-posterior-superior", space), VOXELS[0]))
    np.testing.assert_allclose(volume.ijk_to_ras[:2, 3], np.array([10, 20]) * signs)


def test_data_in_text_are_read() -> None:
    path = nrrd(PLACED, VOXELS[0])
    raw = path.read_bytes().replace(b"encoding: raw", b"encoding: ascii")
    path.write_bytes(raw[: raw.index(b"\n\n") + 2] + " ".join(map(str, VOXELS.ravel())).encode())
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)


@pytest.mark.parametrize(
    ("fields", "before"), [("byte skip: 3", b"xyz"), ("byte skip: -1", b"xyz"), ("line skip: 1", b"a line\n")]
)
def test_what_is_skipped_comes_after_the_header(fields: str, before: bytes) -> None:
    path = nrrd(f"{PLACED}\n{fields}", VOXELS[0])
    header, end, voxels = path.read_bytes().partition(b"\n\n")
    path.write_bytes(header + end + before + voxels)
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)


@pytest.mark.parametrize("number", ["300", "-1"])
def test_text_with_numbers_that_the_type_cannot_hold_is_refused(number: str) -> None:
    path = nrrd(PLACED, VOXELS[0].astype(np.uint8))
    raw = path.read_bytes().replace(b"encoding: raw", b"encoding: ascii")
    path.write_bytes(raw[: raw.index(b"\n\n") + 2] + " ".join([number, *map(str, VOXELS.ravel()[1:])]).encode())
    with pytest.raises(ImageReadError, match="uint8 cannot hold"):
        read(path)


def test_data_in_several_files_are_read() -> None:
    for n, plane in enumerate(VOXELS[0], 1):
        Path(f"slice{n:02}.raw").write_bytes(plane.tobytes())
    path = nrrd(PLACED + "\ndata file: slice%02d.raw 1 3 1", VOXELS[0], "image.nhdr")
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)


# --- what headers state ----------------------------------------------------------------------------------------------------

LIVER = "Segmentation category and type - 3D Slicer General Anatomy list~SCT^123037004^Anatomical Structure~SCT^10200004^Liver"
SEGMENTS = f"""Segment0_ID:=Segment_1
Segment0_Name:=my liver
Segment0_Color:=0.866667 0.509804 0.396078
Segment0_LabelValue:=3
Segment0_Layer:=0
Segment0_Tags:=Segmentation.Status:inprogress|TerminologyEntry:{LIVER}~^^~Anatomic codes - DICOM master list~^^~^^|
Segment1_ID:=Segment_2
Segment1_Name:=lesion
Segment1_Color:=1 0 0
Segment1_LabelValue:=3
Segment1_Layer:=1"""


def segmentation(layers: int = 1) -> Path:
    voxels = np.zeros((3, 4, 5, layers), np.uint8)
    voxels[1:, ..., 0] = 3
    voxels[2, 2, 2, layers - 1] = 3
    fields = (
        PLACED if layers == 1 else PLACED.replace("directions: ", "directions: none ") + "\nkinds: list domain domain domain"
    )
    shown = SEGMENTS if layers > 1 else "\n".join(SEGMENTS.splitlines()[:6])
    return nrrd(f"{fields}\n{shown}", voxels[..., 0] if layers == 1 else voxels, "organs.seg.nrrd")


def test_names_colors_and_codes_of_segments_are_those_of_the_header() -> None:
    report = to_dicom(segmentation(), "dicom")
    assert report.ok, report
    made = pydicom.dcmread(report.outputs[0])
    (segment,) = made.SegmentSequence
    assert (made.Modality, segment.SegmentLabel) == ("SEG", "my liver")
    kind = segment.SegmentedPropertyTypeCodeSequence[0]
    assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("10200004", "SCT")
    assert "RecommendedDisplayCIELabValue" in segment


@pytest.mark.parametrize("color", ["inf 0 0", "red", "2 0 0", ""])
def test_colors_that_are_not_valid_are_left_out(color) -> None:
    path = segmentation()
    path.write_bytes(path.read_bytes().replace(b"0.866667 0.509804 0.396078", color.encode()))
    report = to_dicom(path, "dicom")
    assert report.ok, report
    assert pydicom.dcmread(report.outputs[0]).SegmentSequence[0].SegmentLabel == "my liver"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"Layer:=1", b"Layer:=0", "same LabelValue"),
        (b"Layer:=1", b"Layer:=7", "layer 7, there are 2"),
        (b"Segment0_LabelValue:=3", b"Segment0_LabelValue:=0", "the value of segment 0 is 0"),
    ],
)
def test_segments_whose_voxels_are_not_stated_are_refused(old, new, reason) -> None:
    path = segmentation(2)
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(ImageReadError, match=reason):
        read(path)


def test_segments_that_overlap_are_all_there() -> None:
    report = to_dicom(segmentation(2), "dicom")
    assert report.ok, report
    made = [pydicom.dcmread(path) for path in report.outputs]
    names = [segment.SegmentLabel for one in made for segment in one.SegmentSequence]
    assert names == ["my liver", "lesion"]
    arrays = [volume.array for volume in read(report.outputs)]
    assert [int(sum((array == number).sum() for array in arrays)) for number in (1, 2)] == [40, 1]


def test_voxels_of_no_segment_of_their_layer_are_reported() -> None:
    path = segmentation(2)
    raw = bytearray(path.read_bytes())
    raw[-1] = 9
    path.write_bytes(bytes(raw))
    (volume,) = read(path)
    sentence = "1 voxel(s) have a value that is of no segment of their layer: they were left out"
    assert volume.warnings == (sentence,)
    assert sentence in to_dicom(path, "dicom").entries[0].log.warnings


def test_layers_with_different_values_hold_their_own_segments_only() -> None:
    path = segmentation(2)
    path.write_bytes(path.read_bytes().replace(b"Segment1_LabelValue:=3", b"Segment1_LabelValue:=5"))
    (volume,) = read(path)
    assert (set(np.unique(volume.array)), len(volume.warnings)) == ({0, 3}, 1)


def test_colors_slightly_outside_of_the_range_are_clipped() -> None:
    path = segmentation()
    path.write_bytes(path.read_bytes().replace(b"0.866667 0.509804 0.396078", b"1.004 0.5 -0.01"))
    (segment,) = json.loads(segments_text(path))["segmentAttributes"][0]
    assert segment["recommendedDisplayRGBValue"] == [255, 128, 0]


def test_the_suffix_of_segmentations_is_no_part_of_the_name() -> None:
    assert read(segmentation())[0].name == "organs"


def test_diffusion_has_b_values_and_directions() -> None:
    voxels = np.zeros((3, 4, 5, 3), np.int16)
    fields = (
        PLACED.replace("directions: ", "directions: none ")
        + """
kinds: list domain domain domain
measurement frame: (0,1,0) (-1,0,0) (0,0,1)
modality:=DWMRI
DWMRI_b-value:=1000
DWMRI_gradient_0000:=0 0 0
DWMRI_gradient_0001:=1 0 0
DWMRI_gradient_0002:=0 0 0.5"""
    )
    gradients = read(nrrd(fields, voxels))[0].gradients
    np.testing.assert_allclose(gradients, [[0, 0, 0, 0], [1000, 0, -1, 0], [250, 0, 0, 1]], atol=1e-9)


@pytest.mark.parametrize("b_value", ["nan", "inf", "-1000", "many"])
def test_b_values_that_are_not_valid_are_not_used(b_value) -> None:
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: list domain domain domain\nmodality:=DWMRI"
    fields += f"\nDWMRI_b-value:={b_value}\nDWMRI_gradient_0000:=0 0 0\nDWMRI_gradient_0001:=1 0 0"
    (volume,) = read(nrrd(fields, np.zeros((3, 4, 5, 2), np.int16)))
    assert volume.gradients is None
    assert "its gradients are not valid" in volume.warnings[0]


def test_acquisition_of_mgh_is_written() -> None:
    import nibabel

    image = nibabel.MGHImage(VOXELS[0].T.copy(), np.diag([1.0, 1, 1, 1]))
    image.header["tr"], image.header["flip_angle"], image.header["te"], image.header["ti"] = 2300, np.radians(9), 2.96, 900
    nibabel.save(image, "T1.mgz")
    report = to_dicom("T1.mgz", "dicom", kind="mr")
    made = pydicom.dcmread(report.outputs[0])
    assert (float(made.RepetitionTime), float(made.EchoTime)) == (2300, 2.96)
    assert float(made.FlipAngle) == pytest.approx(9)


def test_a_sidecar_takes_precedence_over_the_header() -> None:
    import nibabel

    image = nibabel.MGHImage(VOXELS[0].T.copy(), np.diag([1.0, 1, 1, 1]))
    image.header["te"] = 5
    nibabel.save(image, "T1.mgz")
    Path("T1.json").write_text('{"EchoTime": 0.007}')
    assert float(pydicom.dcmread(to_dicom("T1.mgz", "dicom", kind="mr").outputs[0]).EchoTime) == 7


def test_label_maps_of_freesurfer_are_segmentations() -> None:
    import nibabel

    labels = np.zeros((5, 4, 3), np.int32)
    labels[1:3], labels[3:] = 17, 53
    nibabel.save(nibabel.MGHImage(labels, np.eye(4)), "aseg.mgz")
    report = to_dicom("aseg.mgz", "dicom", labels="freesurfer")
    assert [one.SegmentLabel for one in pydicom.dcmread(report.outputs[0]).SegmentSequence] == [
        "Left-Hippocampus", "Right-Hippocampus",
    ]  # fmt: skip


# --- what is refused -------------------------------------------------------------------------------------------------------

ITK_3D = "ObjectType = Image\nNDims = 3\nBinaryData = True\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n"
ITK_3D += "AnatomicalOrientation = RAI\nElementSpacing = 1 1 1\nDimSize = 5 4 3\nElementType = MET_SHORT\n"


def metaimage(change: tuple[str, str] = ("", ""), data: bytes = VOXELS.tobytes()) -> Path:
    Path("image.mha").write_bytes((ITK_3D.replace(*change) + "ElementDataFile = LOCAL\n").encode() + data)
    return Path("image.mha")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("space: left-posterior-superior\n", ""), "no space is stated"),
        (("left-posterior-superior", "scanner-xyz"), "'scanner-xyz', so the anatomical meaning"),
        (("space directions: (1,0,0) (0,2,0) (0,0,3)\n", ""), "no space directions are stated"),
        (("(0,0,3)", "none"), "2 of its axes have a direction"),
        (("\nspace origin: (10,20,30)", ""), "no space origin is stated"),
        (("(0,2,0)", "(0,nan,0)"), "must be vectors of 3 numbers"),
        (("(10,20,30)", '(10,20,30)\nspace units: "pixel"'), "space units"),
        (("(10,20,30)", "(10,20,30)\nencoding: hex"), "encoding 'hex' is not supported"),
        (("(10,20,30)", "(10,20,30)\nendian: "), "byte order of the samples is not stated"),
        (("(10,20,30)", "(10,20,30)\ntype: block"), "type 'block' are not supported"),
        (("(10,20,30)", "(10,20,30)\ndata file: /etc/hostname"), "outside of its folder"),
        (("(10,20,30)", "(10,20,30)\ndata file: ../secret.raw"), "outside of its folder"),
        (("(10,20,30)", "(10,20,30)\ndata file: missing.raw"), "no such file"),
        (("(10,20,30)", "(10,20,30)\nnonsense"), "is not valid"),
        (("(10,20,30)", "(10,20,30)\nspace origin: (1,2,3)"), "space origin occurs more than once"),
        (("(10,20,30)", "(10,20,30)\nbyte skip: -2"), "byte skip and line skip are from 0 upwards"),
        (("(10,20,30)", "(10,20,30)\nline skip: -1"), "byte skip and line skip are from 0 upwards"),
    ],
)
def test_ambiguous_or_damaged_nrrd_is_refused(change, message) -> None:
    path = nrrd(PLACED.replace(*change), VOXELS[0])
    with pytest.raises(ImageReadError, match=message):
        read(path)


@pytest.mark.parametrize(
    "name", ["/Windows/secret.raw", "C:secret.raw", r"C:\secret.raw", r"\\server\share\secret.raw", r"a\..\..\b.raw"]
)
def test_a_header_names_no_file_elsewhere_on_windows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_samples, "PurePath", PureWindowsPath)

    with pytest.raises(ImageReadError, match="outside of its folder"):
        packed_samples.file_next_to(Path("image.nhdr"), name)
    assert packed_samples.file_next_to(Path("image.nhdr"), r"raw\a.raw") == Path("raw/a.raw")


def test_axis_without_meaning_is_refused() -> None:
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: list domain domain domain"
    with pytest.raises(ImageReadError, match="the meaning of axis 0 with 2 samples is not stated"):
        read(nrrd(fields, np.zeros((3, 4, 5, 2), np.int16)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("TransformMatrix = 1 0 0 0 1 0 0 0 1\n", ""), "TransformMatrix is not stated"),
        (("Offset = 0 0 0\n", ""), "Offset is not stated"),
        (("ElementSpacing = 1 1 1\n", ""), "ElementSpacing is not stated"),
        (("RAI", "LPI"), "contradicts TransformMatrix"),
        (("NDims = 3", "NDims = 2"), "it has 2 dimensions"),
        (("MET_SHORT", "MET_STRING"), "'MET_STRING' are not supported"),
        (("DimSize = 5 4 3", "DimSize = 5 4"), "DimSize = 5 4 is not valid"),
        (("Offset = 0 0 0", "Offset = 0 0 here"), "Offset = 0 0 here is not valid"),
        (("NDims", "ElementToIntensityFunctionSlope = 2\nNDims"), "some programs apply"),
        (("DimSize = 5 4 3", "DimSize = 5 4 3.5"), "DimSize is missing or not valid"),
        (("NDims", "DistanceUnits = cm\nNDims"), "DistanceUnits = cm is not supported"),
        (("NDims", "HeaderSize = 4\nNDims"), "HeaderSize = 4 is not supported"),
        (("NDims", "Offset = 1 1 1\nNDims"), "Offset occurs more than once"),
        (("NDims", "Position = 1 1 1\nNDims"), "Offset and Position contradict each other"),
        (("NDims", "BinaryDataByteOrderMSB = perhaps\nNDims"), "is neither True nor False"),
    ],
)
def test_ambiguous_or_damaged_metaimage_is_refused(change, message) -> None:
    with pytest.raises(ImageReadError, match=message):
        read(metaimage(change))


@pytest.mark.parametrize("files", ["LIST", "s%d.raw 1 0 1", "s%d.raw 1 99999999999 1", "s%999d.raw 1 2 1", "s%s.raw 1 2"])
def test_metaimage_without_files_of_voxels_is_refused(files) -> None:
    Path("image.mhd").write_text(f"{ITK_3D}ElementDataFile = {files}\n")
    with pytest.raises(ImageReadError, match=r"no file is listed|is not valid"):
        read("image.mhd")


@pytest.mark.parametrize("files", ["LIST", "s%d.raw 1 0 1", "s%d.raw 1 99999999999 1", "s%999d.raw 1 2 1", "s%d.raw 1 2"])
def test_nrrd_without_files_of_voxels_is_refused(files) -> None:
    with pytest.raises(ImageReadError, match=r"no data file is listed|is not valid"):
        read(nrrd(f"{PLACED}\ndata file: {files}", VOXELS[0], "image.nhdr"))


@pytest.mark.parametrize("flag", ["True", "T", "1"])
def test_byte_order_of_metaimage_is_applied(flag) -> None:
    path = metaimage(("NDims", f"BinaryDataByteOrderMSB = {flag}\nNDims"), VOXELS.astype(">i2").tobytes())
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)


def test_voxels_at_the_end_of_metaimage_are_read() -> None:
    path = metaimage(("NDims", "HeaderSize = -1\nNDims"), b"more" + VOXELS.tobytes())
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)


def test_orientation_that_agrees_is_read() -> None:
    np.testing.assert_array_equal(read(metaimage())[0].array, VOXELS)


@pytest.mark.parametrize("suffix", ["nrrd", "mha", "mgz"])
def test_files_that_are_too_short_are_refused(suffix) -> None:
    path = save(oriented(VOXELS, *ORIENTATIONS[0]), f"image.{suffix}")
    raw = gzip.decompress(path.read_bytes()) if suffix == "mgz" else path.read_bytes()
    short = raw[: 284 + 10] if suffix == "mgz" else raw[:-7]
    path.write_bytes(gzip.compress(short) if suffix == "mgz" else short)
    with pytest.raises(ImageReadError, match="bytes of voxels, 120 are needed"):
        read(path)


@pytest.mark.parametrize("suffix", ["nrrd", "mha", "mgz", "mgh"])
def test_other_files_are_refused(suffix) -> None:
    path = Path(f"image.{suffix}")
    path.write_bytes(b"neither one nor the other")
    with pytest.raises(ImageReadError, match=str(path)):
        read(path)


def test_values_of_a_surface_are_no_image() -> None:
    import nibabel

    nibabel.save(nibabel.MGHImage(np.ones((2562, 1, 1), np.float32), np.eye(4)), "lh.thickness.mgz")
    with pytest.raises(ImageReadError, match="2562 × 1 × 1 values are those of the vertices of a surface"):
        read("lh.thickness.mgz")


def test_mgh_without_orientation_is_refused() -> None:
    path = save(oriented(VOXELS, *ORIENTATIONS[0]), "image.mgh")
    raw = bytearray(path.read_bytes())
    raw[28:30] = struct.pack(">h", 0)
    path.write_bytes(raw)
    with pytest.raises(ImageReadError, match="goodRASFlag is 0"):
        read(path)


@pytest.mark.parametrize("end", [-1, -4, -8])
@pytest.mark.parametrize("name", ["image.nrrd", "image.mha", "image.mgz", "bzip2.nrrd"])
def test_a_packed_image_without_its_checksum_is_refused(name: str, end: int) -> None:
    if name == "bzip2.nrrd":
        raw = nrrd(f"{PLACED}\nencoding: bzip2", VOXELS[0], name).read_bytes()
        header, _, voxels = raw.partition(b"\n\n")
        Path(name).write_bytes(header + b"\n\n" + bz2.compress(voxels))
    else:
        save(Volume(VOXELS, np.eye(4)), name, compress=True)
    read(name)
    whole = Path(name).read_bytes()
    Path(name).write_bytes(whole[:end])
    with pytest.raises(ImageReadError, match=name):
        read(name)


@pytest.mark.parametrize("name", ["image.nrrd", "image.mha", "image.mgz"])
def test_a_packed_image_whose_checksum_differs_is_refused(name: str) -> None:
    raw = bytearray(save(Volume(VOXELS, np.eye(4)), name, compress=True).read_bytes())
    raw[-2 if name.endswith("mha") else -6] ^= 0x40
    Path(name).write_bytes(raw)
    with pytest.raises(ImageReadError, match=name):
        read(name)


def test_one_damaged_image_does_not_stop_the_others() -> None:
    save(oriented(VOXELS, *ORIENTATIONS[0]), "good.mha")
    Path("bad.nrrd").write_bytes(b"NRRD0004\n")
    report = to_dicom(".", "dicom", kind="mr")
    assert sorted(entry.outcome.value for entry in report.entries) == ["converted", "failed"]


def test_originals_are_not_kept_for_images_without_a_record() -> None:
    path = save(oriented(VOXELS, *ORIENTATIONS[0]), "image.mha")
    report = to_dicom(path, "dicom", uids="keep")
    assert "has no record" in report.entries[0].error


@pytest.mark.parametrize("suffix", [".mgh", ".mgz"])
def test_times_of_mgh_are_those_that_nibabel_wrote(suffix: str, tmp_path: Path) -> None:
    """They are behind the voxels, in files that are compressed and in others."""
    import nibabel

    image = nibabel.MGHImage(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4))
    image.header["tr"], image.header["flip_angle"], image.header["te"], image.header["ti"] = 2300, np.radians(9), 2.5, 900
    nibabel.save(image, tmp_path / f"a{suffix}")

    keys = mgh.acquisition_keys(tmp_path / f"a{suffix}")

    assert keys == pytest.approx({"RepetitionTime": 2.3, "FlipAngle": 9, "EchoTime": 0.0025, "InversionTime": 0.9})
