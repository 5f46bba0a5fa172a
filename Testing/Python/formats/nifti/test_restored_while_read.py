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
from support.round_trip import KEEP, NEW, RoundTrip, listing, names_in


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
def test_every_block_is_decompressed_once(phantom: str, round_trip: RoundTrip, decompressed: list[int]) -> None:
    round_trip.make(phantom).forth()
    blocks = gzip_blocks.open_blocks(round_trip.image())
    assert blocks is not None
    assert blocks.count > 1
    decompressed.clear()

    round_trip.home()
    header = [0]
    assert sorted(decompressed) == sorted([*header, *range(blocks.count)])


@pytest.mark.parametrize("options", [KEEP, NEW])
@pytest.mark.usefixtures("decompressed")
def test_of_an_edited_image_only_the_derived_series_stays(
    options: ConversionOptions, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip.make("classic_ct").forth()
    edit(*round_trip.images())
    (entry,) = round_trip.home(options).entries
    files = listing(round_trip.back)
    log = entry.log
    monkeypatch.setattr(reading, "IN_MEMORY", 1 << 30)

    (again,) = round_trip.home(options, overwrite=True).entries
    assert str(entry.outcome) == str(again.outcome) == "derived"
    assert (log.notes, log.warnings, log.changes) == (again.log.notes, again.log.warnings, again.log.changes)
    assert listing(round_trip.back).keys() == files.keys()


@pytest.mark.usefixtures("decompressed")
def test_an_edited_image_refers_to_the_instances_of_its_original(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    edit(*round_trip.images())
    (entry,) = round_trip.home(NEW).entries

    originals = {pydicom.dcmread(path).SOPInstanceUID for path in round_trip.dicom.rglob("*.dcm")}
    referenced = {pydicom.dcmread(path).SourceImageSequence[0].ReferencedSOPInstanceUID for path in entry.outputs}
    assert referenced
    assert referenced <= originals


@pytest.mark.usefixtures("decompressed")
def test_values_that_the_original_type_cannot_hold_are_an_edit(round_trip: RoundTrip) -> None:
    round_trip.make("pet_slopes").forth()
    (path,) = round_trip.images()
    image = nifti.read_image(path)
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-image.voxels.nbytes :] = (np.frombuffer(raw[-image.voxels.nbytes :], image.voxels.dtype) * 1e6).tobytes()
    with BlockWriter(path, len(raw)) as file:
        file.write(raw)

    (entry,) = round_trip.home().entries
    assert str(entry.outcome) == "derived"


@pytest.mark.usefixtures("decompressed")
def test_values_of_another_type_are_an_edit(round_trip: RoundTrip) -> None:
    """Also where pixels are shifted to their high bit, which only whole numbers can be."""
    round_trip.make("shifted_bits").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj, np.float32) * 1.1, image.affine))
    raw = gzip.decompress(round_trip.image().read_bytes())
    with BlockWriter(round_trip.image(), len(raw)) as file:
        file.write(raw)

    (entry,) = round_trip.home().entries
    assert str(entry.outcome) == "derived"


@pytest.mark.usefixtures("decompressed")
def test_an_existing_file_is_reported_as_ever(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.home()
    before = listing(round_trip.back)

    (entry,) = round_trip.home().entries
    assert str(entry.outcome) == "failed"
    assert listing(round_trip.back) == before


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("byte", [-5, -11])
@pytest.mark.usefixtures("decompressed")
def test_damage_is_found_whatever_the_order_of_reading(byte: int, step: int, round_trip: RoundTrip) -> None:
    round_trip.make("mr_4d").forth()
    (path,) = round_trip.images()
    raw = bytearray(path.read_bytes())
    raw[byte] ^= 0x55
    path.write_bytes(bytes(raw))

    with pytest.raises(NiftiReadError):
        read_planes(path, step)


@pytest.mark.parametrize("phantom", ["mr_4d", "rle"])
@pytest.mark.usefixtures("decompressed")
def test_a_damaged_image_becomes_no_series(phantom: str, round_trip: RoundTrip) -> None:
    """Also one that would be restored while it is read."""
    round_trip.make(phantom).forth()
    (path,) = round_trip.images()
    raw = bytearray(path.read_bytes())
    raw[-6] ^= 0x55
    path.write_bytes(bytes(raw))

    (entry,) = round_trip.home().entries
    assert "damaged" in str(entry.error)
    assert not names_in(round_trip.back)


@pytest.mark.usefixtures("decompressed")
def test_a_damaged_number_of_slices_is_not_an_edit(round_trip: RoundTrip) -> None:
    """The voxels that the header specifies are not all that the checksum is of."""
    round_trip.make("rle").forth()
    path, slices = round_trip.image(), 40 + 2 * 3
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[slices] = 1
    with BlockWriter(path, len(raw)) as file:
        file.write(raw)
    packed = bytearray(path.read_bytes())
    packed[-6] ^= 0x55
    path.write_bytes(bytes(packed))

    (entry,) = round_trip.home().entries
    assert "damaged" in str(entry.error)
