"""An image that this tool compressed is restored while its digest is computed: it is decompressed once."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, NiftiReadError
from nifti_dicom_bridge.formats import nifti
from nifti_dicom_bridge.formats.nifti import gzip_blocks, gzip_writer, lazy_image, reading
from nifti_dicom_bridge.formats.nifti.gzip_blocks import BlockFile
from nifti_dicom_bridge.formats.nifti.gzip_writer import BlockWriter
from support.circle import KEEP, NEW, Circle, listing, names_in


@pytest.fixture
def decompressed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the blocks that were decompressed, of images that have several and are never read at once."""
    monkeypatch.setattr(gzip_writer, "BLOCK", 600)
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(lazy_image, "KEPT_BYTES", 1)
    numbers: list[int] = []
    submit = BlockFile.submit
    monkeypatch.setattr(BlockFile, "submit", lambda self, n, pool: numbers.append(n) or submit(self, n, pool))
    return numbers


def edit(path: Path) -> None:
    """Change the last voxel of an image; its blocks are as this tool writes them."""
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-2] ^= 1
    with BlockWriter(path, len(raw)) as file:
        file.write(raw)


def read_planes(path: Path, step: int) -> None:
    """Read the planes of an image one by one, from the first to the last or from the last to the first."""
    voxels = nifti.read_image(path, lazy=True).voxels
    for place in list(np.ndindex(voxels.shape[:2]))[::step]:
        voxels[place]


@pytest.mark.parametrize("phantom", ["rle", "mosaic"])
def test_every_block_is_decompressed_once(phantom: str, circle: Circle, decompressed: list[int]) -> None:
    circle.make(phantom).forth()
    blocks = gzip_blocks.open_blocks(circle.image())
    assert blocks is not None
    assert blocks.count > 1
    decompressed.clear()

    circle.home()
    header = [0]
    assert sorted(decompressed) == sorted([*header, *range(blocks.count)])


@pytest.mark.parametrize("options", [KEEP, NEW])
@pytest.mark.usefixtures("decompressed")
def test_of_an_edited_image_only_the_derived_series_stays(
    options: ConversionOptions, circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    circle.make("classic_ct").forth()
    edit(*circle.images())
    (entry,) = circle.home(options).entries
    files = listing(circle.back)
    log = entry.log
    monkeypatch.setattr(reading, "IN_MEMORY", 1 << 30)

    (again,) = circle.home(options, overwrite=True).entries
    assert str(entry.outcome) == str(again.outcome) == "derived"
    assert (log.notes, log.warnings, log.changes) == (again.log.notes, again.log.warnings, again.log.changes)
    assert listing(circle.back).keys() == files.keys()


@pytest.mark.usefixtures("decompressed")
def test_an_edited_image_refers_to_the_instances_of_its_original(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    edit(*circle.images())
    (entry,) = circle.home(NEW).entries

    originals = {pydicom.dcmread(path).SOPInstanceUID for path in circle.dicom.rglob("*.dcm")}
    referenced = {pydicom.dcmread(path).SourceImageSequence[0].ReferencedSOPInstanceUID for path in entry.outputs}
    assert referenced
    assert referenced <= originals


@pytest.mark.usefixtures("decompressed")
def test_values_that_the_original_type_cannot_hold_are_an_edit(circle: Circle) -> None:
    circle.make("pet_slopes").forth()
    (path,) = circle.images()
    image = nifti.read_image(path)
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-image.voxels.nbytes :] = (np.frombuffer(raw[-image.voxels.nbytes :], image.voxels.dtype) * 1e6).tobytes()
    with BlockWriter(path, len(raw)) as file:
        file.write(raw)

    (entry,) = circle.home().entries
    assert str(entry.outcome) == "derived"


@pytest.mark.usefixtures("decompressed")
def test_values_of_another_type_are_an_edit(circle: Circle) -> None:
    """Also where pixels are shifted to their high bit, which only whole numbers can be."""
    circle.make("shifted_bits").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj, np.float32) * 1.1, image.affine))
    raw = gzip.decompress(circle.image().read_bytes())
    with BlockWriter(circle.image(), len(raw)) as file:
        file.write(raw)

    (entry,) = circle.home().entries
    assert str(entry.outcome) == "derived"


@pytest.mark.usefixtures("decompressed")
def test_an_existing_file_is_reported_as_ever(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.home()
    before = listing(circle.back)

    (entry,) = circle.home().entries
    assert str(entry.outcome) == "failed"
    assert listing(circle.back) == before


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("byte", [-5, -11])
@pytest.mark.usefixtures("decompressed")
def test_damage_is_found_whatever_the_order_of_reading(byte: int, step: int, circle: Circle) -> None:
    circle.make("mr_4d").forth()
    (path,) = circle.images()
    raw = bytearray(path.read_bytes())
    raw[byte] ^= 0x55
    path.write_bytes(bytes(raw))

    with pytest.raises(NiftiReadError):
        read_planes(path, step)


@pytest.mark.parametrize("phantom", ["mr_4d", "rle"])
@pytest.mark.usefixtures("decompressed")
def test_a_damaged_image_becomes_no_series(phantom: str, circle: Circle) -> None:
    """Also one that would be restored while it is read."""
    circle.make(phantom).forth()
    (path,) = circle.images()
    raw = bytearray(path.read_bytes())
    raw[-6] ^= 0x55
    path.write_bytes(bytes(raw))

    (entry,) = circle.home().entries
    assert "damaged" in str(entry.error)
    assert not names_in(circle.back)


@pytest.mark.usefixtures("decompressed")
def test_a_damaged_number_of_slices_is_not_an_edit(circle: Circle) -> None:
    """The voxels that the header specifies are not all that the checksum is of."""
    circle.make("rle").forth()
    path, slices = circle.image(), 40 + 2 * 3
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[slices] = 1
    with BlockWriter(path, len(raw)) as file:
        file.write(raw)
    packed = bytearray(path.read_bytes())
    packed[-6] ^= 0x55
    path.write_bytes(bytes(packed))

    (entry,) = circle.home().entries
    assert "damaged" in str(entry.error)
