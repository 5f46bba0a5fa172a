"""URLs as inputs and outputs, with a real S3-compatible server: the bytes of folders, ranges only, no half outputs."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nifti_dicom_bridge import (
    ArchiveError,
    BridgeError,
    ConversionOptions,
    Job,
    OptionError,
    convert,
    convert_many,
    inspect,
    to_dicom,
    to_nifti,
    to_zarr,
)
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.conversion.remote import publish
from nifti_dicom_bridge.conversion.remote.mirror import Mirror
from nifti_dicom_bridge.model.files.input_files import read_file
from nifti_dicom_bridge.network.object_store import ObjectStore
from phantoms import PHANTOMS
from support.object_server import BUCKET, S3, ObjectServer
from support.oracles import module
from support.round_trip import RoundTrip, listing


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("choices", [{}, {"jobs": 2}, {"layout": "bids"}, {"layout": "bids", "jobs": 2}])
def test_nifti_has_the_bytes_of_a_conversion_of_folders(
    choices: dict, source: Path, server: ObjectServer, round_trip: RoundTrip
) -> None:
    report = to_nifti(f"{S3}/dicom", f"{S3}/nifti", **choices)
    assert report.ok, report
    to_nifti(source, round_trip.nifti, **choices)
    assert server.objects("nifti") == files_of(round_trip.nifti)


@pytest.mark.slow
@pytest.mark.parametrize("inputs", ["nifti", "stores"])
def test_the_dicom_comes_back_byte_for_byte(inputs: str, source: Path, server: ObjectServer) -> None:
    if inputs == "stores":
        module("zarr")
        assert to_zarr(f"{S3}/dicom", f"{S3}/stores").ok
    else:
        assert to_nifti(f"{S3}/dicom", f"{S3}/nifti").ok
    report = to_dicom(f"{S3}/{inputs}", f"{S3}/back", uids="keep", names="original")
    assert report.ok, report
    assert server.objects("back") == files_of(source)


@pytest.mark.slow
def test_entries_have_urls_and_sizes(source: Path, server: ObjectServer) -> None:
    report = to_nifti(f"{S3}/dicom", f"{S3}/nifti")
    first = report.entries[0]
    assert str(first.outputs[0]).startswith(f"{S3}/nifti/")
    assert str(first.inputs[0]).startswith(f"{S3}/dicom/")
    assert f"{S3}/nifti/" in first.line()
    objects = server.objects("nifti")
    assert first.execution.written == sum(len(objects[path.name]) for path in first.outputs)
    assert first.execution.read == sum((source / path.name).stat().st_size for path in first.inputs)


@pytest.mark.slow
def test_voxels_in_a_file_of_their_own_are_read(server: ObjectServer, round_trip: RoundTrip) -> None:
    """A header that names another object: that is read by ranges, as it is not an input of the task."""
    import numpy as np
    import pydicom
    import SimpleITK

    folder = round_trip.folder / "images"
    folder.mkdir()
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(voxels), str(folder / "MR.mhd"))
    server.put(folder, "meta")
    report = to_dicom(f"{S3}/meta", round_trip.back, kind="mr", set_values={"PatientID": "1", "PatientPosition": "HFS"})
    assert report.ok, report
    files = [pydicom.dcmread(path) for path in report.outputs]
    assert sorted(value for file in files for value in file.pixel_array.ravel()) == list(range(voxels.size))


@pytest.mark.slow
def test_one_object_is_an_input(source: Path, server: ObjectServer, round_trip: RoundTrip) -> None:
    one = min(source.rglob("*.dcm"))
    report = to_nifti(f"{S3}/dicom/{one.relative_to(source).as_posix()}", round_trip.nifti)
    to_nifti(one, round_trip.folder / "local")
    assert report.ok
    assert listing(round_trip.nifti) == listing(round_trip.folder / "local")


@pytest.mark.slow
def test_an_object_of_the_same_size_that_was_replaced_after_its_header_was_read_is_refused(
    source: Path, server: ObjectServer, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = min(source.rglob("*.dcm"))
    key, content = f"dicom/{path.relative_to(source).as_posix()}", path.read_bytes()
    fetch = Mirror.fetch

    def fetch_of_changed(mirror: Mirror, paths: Iterable[Path]) -> list[Path]:
        wanted = list(paths)
        if wanted:
            server.client().put_object(Bucket=BUCKET, Key=key, Body=content[:-1] + bytes([content[-1] ^ 1]))
        return fetch(mirror, wanted)

    monkeypatch.setattr(Mirror, "fetch", fetch_of_changed)
    errors = [str(entry.error) for entry in to_nifti(f"{S3}/{key}", round_trip.nifti).entries]
    assert len(errors) == 1
    assert "changed while it was converted" in errors[0]


def test_an_archive_of_files_is_an_input(round_trip: RoundTrip) -> None:
    module("fsspec")
    round_trip.make("classic_ct")
    with zipfile.ZipFile(round_trip.folder / "scans.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(round_trip.dicom.rglob("*.dcm")):
            archive.write(path, f"dicom/{path.relative_to(round_trip.dicom).as_posix()}")
    assert to_nifti(f"zip://dicom::{round_trip.folder}/scans.zip", round_trip.nifti).ok
    to_nifti(round_trip.dicom, round_trip.folder / "local")
    assert listing(round_trip.nifti) == listing(round_trip.folder / "local")


def test_a_damaged_object_does_not_fail_those_that_are_read_with_it(round_trip: RoundTrip) -> None:
    module("fsspec")
    round_trip.make("classic_ct")
    archive = Path(shutil.make_archive(str(round_trip.folder / "scans"), "zip", round_trip.dicom))
    with zipfile.ZipFile(archive) as packed:
        last = max(packed.infolist(), key=lambda info: info.filename)
    raw = bytearray(archive.read_bytes())
    raw[last.header_offset] ^= 0x55
    archive.write_bytes(raw)

    failed, converted = to_nifti(f"zip://::{archive}", round_trip.nifti).entries
    assert failed.inputs[0].name == Path(last.filename).name
    assert str(converted.outcome) == "converted"


@pytest.mark.slow
def test_no_output_contains_a_token_of_a_url(
    round_trip: RoundTrip, server: ObjectServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    """A damaged object and good ones below a URL that works, and ends as signed ones do."""
    module("pyarrow")
    round_trip.make("two_series")
    damaged = max(round_trip.dicom.rglob("*.dcm"))
    damaged.write_bytes(damaged.read_bytes()[:-9])
    server.put(round_trip.dicom, "scans?token=wJalrXUtnFEMI")
    monkeypatch.chdir(round_trip.folder)
    written = ["report.json", "report.html", "summary.csv", "summary.html", "summary.parquet"]
    more = [word for name in written[2:] for word in ("--summary", name)]
    url = f"{S3}/scans?token=wJalrXUtnFEMI"

    assert main(["convert", url, "--to", "nifti", "-o", "nifti", "--report", written[0], *more, "-vv"]) == 1
    assert main(["convert", url, "--to", "zarr", "-o", "zarr", "--report", written[1]]) == 1
    assert main(["inspect", url]) == 1
    assert main(["inspect", "--json", url]) == 1
    assert main(["convert", f"{url}/nothing", "-o", "none"]) == 1
    assert main(["convert", "dicom", "--to", "zarr", "-o", f"{url}/out"]) == 1
    printed = "".join(capfd.readouterr())

    import pyarrow.parquet

    texts = [printed, *((round_trip.folder / name).read_text("utf-8") for name in written[:4])]
    texts.append(str(pyarrow.parquet.read_table(written[4]).to_pylist()))
    texts += [raw.decode("latin-1") for folder in ("nifti", "zarr") for raw in files_of(round_trip.folder / folder).values()]
    assert damaged.name in printed
    assert sum(f"{S3}/scans?token=***" in text for text in texts) >= 6
    assert not any("wJalrXUtnFEMI" in text for text in texts)


@pytest.mark.parametrize("url", ["zip://::https://host/scans.zip?sig=wJalrXUtnFEMI", "zip://scans::ftp://host/scans.zip"])
def test_an_archive_at_a_place_that_cannot_be_read_is_refused(url: str, round_trip: RoundTrip) -> None:
    with pytest.raises(OptionError, match="URLs of this kind are not supported") as refused:
        to_nifti(url, round_trip.nifti)
    assert "wJalrXUtnFEMI" not in str(refused.value)


def test_file_urls_are_paths(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    assert to_nifti(round_trip.dicom.as_uri(), round_trip.nifti.as_uri()).ok
    assert round_trip.images()


@pytest.mark.slow
def test_inspecting_reads_headers_only(round_trip: RoundTrip, server: ObjectServer) -> None:
    import numpy as np
    import pydicom

    round_trip.make("classic_ct")
    for path in round_trip.dicom.rglob("*.dcm"):
        file = pydicom.dcmread(path)
        file.Rows, file.Columns, file.PixelData = 1024, 1024, np.zeros((1024, 1024), np.uint16).tobytes()
        file.save_as(path)
    server.put(round_trip.dicom, "large")
    size = sum(path.stat().st_size for path in round_trip.dicom.rglob("*.dcm"))
    server.sent.clear()

    remote = inspect(f"{S3}/large")
    assert sum(server.sent) < size / 10
    local = json.dumps(inspect(round_trip.dicom).images)
    assert json.dumps(remote.images) == local.replace(str(round_trip.dicom), f"{S3}/large")


@pytest.mark.slow
def test_a_beginning_that_is_read_again_does_not_fetch_those_of_others(server: ObjectServer, tmp_path: Path) -> None:
    files = [tmp_path / "many" / f"{n:02}.bin" for n in range(20)]
    files[0].parent.mkdir()
    for n, path in enumerate(files):
        path.write_bytes(bytes([n]) * 20_000)
    server.put(files[0].parent, "many")
    mirror = Mirror.of(f"{S3}/many", tmp_path / "mirror")
    server.sent.clear()
    for _ in range(2):
        assert [read_file(mirror.folder / path.name) for path in files] == [path.read_bytes() for path in files]
    mirror.forget()
    assert sum(server.sent) < 2.2 * 20 * 20_000


@pytest.mark.slow
def test_objects_of_one_uid_with_other_pixels_are_no_duplicates(round_trip: RoundTrip, server: ObjectServer) -> None:
    """Whether they are is decided when headers are read, by the pixels of the objects."""
    import pydicom

    round_trip.make("classic_ct")
    first = min(round_trip.dicom.rglob("*.dcm"))
    file = pydicom.dcmread(first)
    file.PixelData = bytes(len(file.PixelData))
    file.save_as(round_trip.dicom / "black.dcm")
    shutil.copy(first, round_trip.dicom / "twin.dcm")
    server.put(round_trip.dicom, "twins")
    remote, local = inspect(f"{S3}/twins"), inspect(round_trip.dicom)
    assert len(remote.images) == len(local.images) == 2
    assert [Path(other["path"]).name for other in remote.others] == [Path(other["path"]).name for other in local.others]


@pytest.mark.slow
def test_what_is_wrong_is_reported_with_its_url(round_trip: RoundTrip, server: ObjectServer) -> None:
    round_trip.make("classic_ct")
    first = min(round_trip.dicom.rglob("*.dcm"))
    first.write_bytes(first.read_bytes()[:200])
    server.put(round_trip.dicom, "damaged")
    (problem,) = inspect(f"{S3}/damaged").problems
    assert problem["reason"].startswith(f"{S3}/damaged/")


@pytest.mark.slow
def test_existing_outputs_stay_or_are_skipped_or_replaced(source: Path, server: ObjectServer) -> None:
    to_nifti(f"{S3}/dicom", f"{S3}/nifti")
    before = server.objects("nifti")
    refused = to_nifti(f"{S3}/dicom", f"{S3}/nifti")
    assert all("exists" in entry.error and S3 in entry.error for entry in refused.failures)
    assert len(refused.failures) == 2
    assert all(entry.exists for entry in to_nifti(f"{S3}/dicom", f"{S3}/nifti", skip_existing=True).entries)
    assert server.objects("nifti") == before

    changed = to_nifti(f"{S3}/dicom", f"{S3}/nifti", overwrite=True, record=False)
    assert changed.ok
    after = server.objects("nifti")
    assert after.keys() == before.keys()
    assert all(len(after[name]) < len(before[name]) for name in before if name.endswith(".json"))


@pytest.mark.slow
def test_a_second_run_into_a_dataset_adds_to_its_tables(server: ObjectServer, round_trip: RoundTrip) -> None:
    for name, patient in (("classic_ct", "one"), ("oblique", "two")):
        PHANTOMS[name].write(round_trip.dicom / patient)
        server.put(round_trip.dicom / patient, patient)
        assert to_nifti(f"{S3}/{patient}", f"{S3}/study/nifti", layout="bids", subject=patient).ok
        to_nifti(round_trip.dicom / patient, round_trip.nifti, layout="bids", subject=patient)
    assert server.objects("study/nifti") == files_of(round_trip.nifti)


@pytest.mark.slow
def test_an_upload_that_ends_early_is_repeated(source: Path, server: ObjectServer, round_trip: RoundTrip, monkeypatch) -> None:
    """Sidecars come first; a journal object specifies that the image is missing."""
    put = ObjectStore.put

    def put_companions(self: ObjectStore, paths: list[Path], names: list[str]) -> None:
        if any(name.endswith(".gz") for name in names):
            raise KeyboardInterrupt
        put(self, paths, names)

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "put", put_companions)
        with pytest.raises(KeyboardInterrupt):
            to_nifti(f"{S3}/dicom", f"{S3}/nifti")
    assert [name for name in server.objects("nifti") if not name.startswith(".")] == ["7_Head_soft_bone.json"]
    with pytest.raises(BridgeError):
        to_dicom(f"{S3}/nifti", f"{S3}/back")

    assert to_nifti(f"{S3}/dicom", f"{S3}/nifti", skip_existing=True).ok
    to_nifti(source, round_trip.nifti)
    objects = server.objects("nifti")
    assert {name: content for name, content in objects.items() if not name.startswith(".")} == files_of(round_trip.nifti)
    assert inspect(f"{S3}/nifti").problems == []


@pytest.mark.slow
def test_an_upload_that_fails_is_one_failed_entry(source: Path, server: ObjectServer, monkeypatch) -> None:
    def refuse(self: ObjectStore, paths: list[Path], names: list[str]) -> None:
        raise ArchiveError("the store is full")

    monkeypatch.setattr(publish.ObjectStore, "put", refuse)
    report = to_nifti(f"{S3}/dicom", f"{S3}/nifti")
    assert [entry.error for entry in report.failures] == ["the store is full"] * 2


@pytest.mark.slow
def test_the_command_line_takes_urls(source: Path, server: ObjectServer, capsys: pytest.CaptureFixture) -> None:
    assert main(["convert", f"{S3}/dicom", "-o", f"{S3}/nifti"]) == 0
    assert f"{S3}/nifti/" in capsys.readouterr().out
    assert main(["inspect", f"{S3}/dicom", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["images"]) == 2
    assert main(["convert", f"{S3}/nifti", "-o", f"{S3}/back", "--uids", "keep", "--names", "original"]) == 0
    assert server.objects("back") == files_of(source)


@pytest.mark.slow
def test_workers_convert_urls(source: Path, server: ObjectServer, round_trip: RoundTrip) -> None:
    job = Job(f"{S3}/dicom", f"{S3}/nifti", ConversionOptions(skip_existing=True))
    with ThreadPoolExecutor(2) as executor:
        with pytest.raises(OptionError, match="skip_existing=True or overwrite=True"):
            convert_many([Job(f"{S3}/dicom", f"{S3}/nifti")], executor)
        (report,) = convert_many([job], executor)
    assert report.ok
    convert(Job(source, round_trip.nifti))
    assert server.objects("nifti") == files_of(round_trip.nifti)
