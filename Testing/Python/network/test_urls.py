"""URLs as inputs and outputs, with a real S3-compatible server: the bytes of folders, ranges only, no half outputs."""

from __future__ import annotations

import json
import logging
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PureWindowsPath

import pytest

from nifti_dicom_bridge import (
    ArchiveError,
    BridgeError,
    ConversionOptions,
    DependencyError,
    Job,
    OptionError,
    convert,
    convert_many,
    inspect,
    to_dicom,
    to_nifti,
    to_zarr,
)
from nifti_dicom_bridge import optional_packages as optional
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.conversion.remote import mirror, publish
from nifti_dicom_bridge.conversion.remote.mirror import Mirror
from nifti_dicom_bridge.model.files.input_files import read_file
from nifti_dicom_bridge.model.files.remote_files import set_size
from nifti_dicom_bridge.network.object_store import ObjectStore
from nifti_dicom_bridge.options import urls
from nifti_dicom_bridge.options.addresses import parse_address
from nifti_dicom_bridge.options.urls import is_url, local_path, url_of
from phantoms import PHANTOMS
from support.circle import Circle, listing
from support.object_server import BUCKET, ObjectServer, object_server
from support.oracles import module

S3 = f"s3://{BUCKET}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    with object_server(monkeypatch) as running:
        yield running


@pytest.fixture
def source(circle: Circle, server: ObjectServer) -> Path:
    """Two series of one study, in a folder and below s3://images/dicom."""
    circle.make("two_series")
    server.put(circle.dicom, "dicom")
    return circle.dicom


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- the same bytes


@pytest.mark.slow
@pytest.mark.parametrize("choices", [{}, {"jobs": 2}, {"layout": "bids"}, {"layout": "bids", "jobs": 2}])
def test_nifti_has_the_bytes_of_a_conversion_of_folders(
    choices: dict, source: Path, server: ObjectServer, circle: Circle
) -> None:
    report = to_nifti(f"{S3}/dicom", f"{S3}/nifti", **choices)
    assert report.ok, report
    to_nifti(source, circle.nifti, **choices)
    assert server.objects("nifti") == files_of(circle.nifti)


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
def test_voxels_in_a_file_of_their_own_are_read(server: ObjectServer, circle: Circle) -> None:
    """A header that names another object: that is read by ranges, as it is not an input of the task."""
    import numpy as np
    import pydicom
    import SimpleITK

    folder = circle.folder / "images"
    folder.mkdir()
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(voxels), str(folder / "MR.mhd"))
    server.put(folder, "meta")
    report = to_dicom(f"{S3}/meta", circle.back, kind="mr", set_values={"PatientID": "1", "PatientPosition": "HFS"})
    assert report.ok, report
    files = [pydicom.dcmread(path) for path in report.outputs]
    assert sorted(value for file in files for value in file.pixel_array.ravel()) == list(range(voxels.size))


@pytest.mark.slow
def test_one_object_is_an_input(source: Path, server: ObjectServer, circle: Circle) -> None:
    one = sorted(source.rglob("*.dcm"))[0]
    report = to_nifti(f"{S3}/dicom/{one.relative_to(source).as_posix()}", circle.nifti)
    to_nifti(one, circle.folder / "local")
    assert report.ok
    assert listing(circle.nifti) == listing(circle.folder / "local")


@pytest.mark.slow
def test_an_object_of_the_same_size_that_was_replaced_after_its_header_was_read_is_refused(
    source: Path, server: ObjectServer, circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sorted(source.rglob("*.dcm"))[0]
    key, content = f"dicom/{path.relative_to(source).as_posix()}", path.read_bytes()
    fetch = Mirror.fetch

    def fetch_of_changed(mirror: Mirror, paths: Iterable[Path]) -> list[Path]:
        wanted = list(paths)
        if wanted:
            server.client().put_object(Bucket=BUCKET, Key=key, Body=content[:-1] + bytes([content[-1] ^ 1]))
        return fetch(mirror, wanted)

    monkeypatch.setattr(Mirror, "fetch", fetch_of_changed)
    errors = [str(entry.error) for entry in to_nifti(f"{S3}/{key}", circle.nifti).entries]
    assert len(errors) == 1
    assert "changed while it was converted" in errors[0]


def test_an_archive_of_files_is_an_input(circle: Circle) -> None:
    module("fsspec")
    circle.make("classic_ct")
    with zipfile.ZipFile(circle.folder / "scans.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(circle.dicom.rglob("*.dcm")):
            archive.write(path, f"dicom/{path.relative_to(circle.dicom).as_posix()}")
    assert to_nifti(f"zip://dicom::{circle.folder}/scans.zip", circle.nifti).ok
    to_nifti(circle.dicom, circle.folder / "local")
    assert listing(circle.nifti) == listing(circle.folder / "local")


def test_a_damaged_object_does_not_fail_those_that_are_read_with_it(circle: Circle) -> None:
    module("fsspec")
    circle.make("classic_ct")
    archive = Path(shutil.make_archive(str(circle.folder / "scans"), "zip", circle.dicom))
    with zipfile.ZipFile(archive) as packed:
        last = max(packed.infolist(), key=lambda info: info.filename)
    raw = bytearray(archive.read_bytes())
    raw[last.header_offset] ^= 0x55
    archive.write_bytes(raw)

    failed, converted = to_nifti(f"zip://::{archive}", circle.nifti).entries
    assert failed.inputs[0].name == Path(last.filename).name
    assert str(converted.outcome) == "converted"


@pytest.mark.slow
def test_no_output_contains_a_token_of_a_url(
    circle: Circle, server: ObjectServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    """A damaged object and good ones below a URL that works, and ends as signed ones do."""
    module("pyarrow")
    circle.make("two_series")
    damaged = sorted(circle.dicom.rglob("*.dcm"))[-1]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    server.put(circle.dicom, "scans?token=wJalrXUtnFEMI")
    monkeypatch.chdir(circle.folder)
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

    texts = [printed, *((circle.folder / name).read_text("utf-8") for name in written[:4])]
    texts.append(str(pyarrow.parquet.read_table(written[4]).to_pylist()))
    texts += [raw.decode("latin-1") for folder in ("nifti", "zarr") for raw in files_of(circle.folder / folder).values()]
    assert damaged.name in printed
    assert sum(f"{S3}/scans?token=***" in text for text in texts) >= 6
    assert not any("wJalrXUtnFEMI" in text for text in texts)


@pytest.mark.parametrize("url", ["zip://::https://host/scans.zip?sig=wJalrXUtnFEMI", "zip://scans::ftp://host/scans.zip"])
def test_an_archive_at_a_place_that_cannot_be_read_is_refused(url: str, circle: Circle) -> None:
    with pytest.raises(OptionError, match="URLs of this kind are not supported") as refused:
        to_nifti(url, circle.nifti)
    assert "wJalrXUtnFEMI" not in str(refused.value)


def test_file_urls_are_paths(circle: Circle) -> None:
    circle.make("classic_ct")
    assert to_nifti(circle.dicom.as_uri(), circle.nifti.as_uri()).ok
    assert circle.images()


# --- ranges


@pytest.mark.slow
def test_inspecting_reads_headers_only(circle: Circle, server: ObjectServer) -> None:
    import numpy as np
    import pydicom

    circle.make("classic_ct")
    for path in circle.dicom.rglob("*.dcm"):
        file = pydicom.dcmread(path)
        file.Rows, file.Columns, file.PixelData = 1024, 1024, np.zeros((1024, 1024), np.uint16).tobytes()
        file.save_as(path)
    server.put(circle.dicom, "large")
    size = sum(path.stat().st_size for path in circle.dicom.rglob("*.dcm"))
    server.sent.clear()

    remote = inspect(f"{S3}/large")
    assert sum(server.sent) < size / 10
    local = json.dumps(inspect(circle.dicom).images)
    assert json.dumps(remote.images) == local.replace(str(circle.dicom), f"{S3}/large")


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
def test_objects_of_one_uid_with_other_pixels_are_no_duplicates(circle: Circle, server: ObjectServer) -> None:
    """Whether they are is decided when headers are read, by the pixels of the objects."""
    import pydicom

    circle.make("classic_ct")
    first = sorted(circle.dicom.rglob("*.dcm"))[0]
    file = pydicom.dcmread(first)
    file.PixelData = bytes(len(file.PixelData))
    file.save_as(circle.dicom / "black.dcm")
    shutil.copy(first, circle.dicom / "twin.dcm")
    server.put(circle.dicom, "twins")
    remote, local = inspect(f"{S3}/twins"), inspect(circle.dicom)
    assert len(remote.images) == len(local.images) == 2
    assert [Path(other["path"]).name for other in remote.others] == [Path(other["path"]).name for other in local.others]


@pytest.mark.slow
def test_what_is_wrong_is_reported_with_its_url(circle: Circle, server: ObjectServer) -> None:
    circle.make("classic_ct")
    first = sorted(circle.dicom.rglob("*.dcm"))[0]
    first.write_bytes(first.read_bytes()[:200])
    server.put(circle.dicom, "damaged")
    (problem,) = inspect(f"{S3}/damaged").problems
    assert problem["reason"].startswith(f"{S3}/damaged/")


# --- outputs that exist


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
def test_a_second_run_into_a_dataset_adds_to_its_tables(server: ObjectServer, circle: Circle) -> None:
    for name, patient in (("classic_ct", "one"), ("oblique", "two")):
        PHANTOMS[name].write(circle.dicom / patient)
        server.put(circle.dicom / patient, patient)
        assert to_nifti(f"{S3}/{patient}", f"{S3}/study/nifti", layout="bids", subject=patient).ok
        to_nifti(circle.dicom / patient, circle.nifti, layout="bids", subject=patient)
    assert server.objects("study/nifti") == files_of(circle.nifti)


@pytest.mark.slow
def test_an_upload_that_ends_early_is_repeated(source: Path, server: ObjectServer, circle: Circle, monkeypatch) -> None:
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
    to_nifti(source, circle.nifti)
    objects = server.objects("nifti")
    assert {name: content for name, content in objects.items() if not name.startswith(".")} == files_of(circle.nifti)
    assert inspect(f"{S3}/nifti").problems == []


@pytest.mark.slow
def test_an_upload_that_fails_is_one_failed_entry(source: Path, server: ObjectServer, monkeypatch) -> None:
    def refuse(self: ObjectStore, paths: list[Path], names: list[str]) -> None:
        raise ArchiveError("the store is full")

    monkeypatch.setattr(publish.ObjectStore, "put", refuse)
    report = to_nifti(f"{S3}/dicom", f"{S3}/nifti")
    assert [entry.error for entry in report.failures] == ["the store is full"] * 2


# --- what cannot be


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, circle: Circle) -> None:
    monkeypatch.setattr(optional, "installed_version", lambda name: "")
    with pytest.raises(DependencyError, match=r"nifti-dicom-bridge\[gs\]"):
        to_nifti("gs://bucket/scans", circle.nifti)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "reason"),
    [("s3://key:secret@bucket/scans", "contains a password"), (f"{S3}/nothing", "no such object")],
)
def test_what_cannot_be_read_is_refused(url: str, reason: str, server: ObjectServer, circle: Circle) -> None:
    with pytest.raises(BridgeError, match=reason) as caught:
        to_nifti(url, circle.nifti)
    assert "secret" not in str(caught.value)
    assert not circle.nifti.exists()


@pytest.mark.slow
def test_a_store_that_does_not_answer_is_named(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    module("s3fs").S3FileSystem.clear_instance_cache()
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                        "AWS_MAX_ATTEMPTS": "1"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(ArchiveError, match="s3://elsewhere/scans: the store cannot be used"):
        to_nifti("s3://elsewhere/scans", circle.nifti)


def test_a_zip_url_without_its_archive_is_refused_with_the_right_form(circle: Circle) -> None:
    with pytest.raises(OptionError, match="does not state which archive"):
        to_nifti("zip://scans.zip", circle.nifti)


@pytest.mark.parametrize("arguments", [
    ["validate", "URL"], ["validate", "URL", "--series", "3"], ["send", "URL", "--to", "pacs:A@localhost:1"],
    ["compare", "URL", "URL"],
])  # fmt: skip
@pytest.mark.parametrize(("url", "words"), [
    ("s3://bucket/scans", "s3://bucket/scans: only files and folders are read here"),
    ("pacs:A@localhost:1", "Fetch the images from the archive first"),
    ("dicomweb:http://localhost:1/web", "dicomweb:http://localhost:1/web: only files and folders are read here"),
    ("https://host/scans", "https://host/scans: URLs of this kind are not supported"),
    ("scans", "scans: no such file or folder"),
])  # fmt: skip
def test_commands_that_read_files_only_state_it(
    arguments: list[str], url: str, words: str, capsys: pytest.CaptureFixture
) -> None:
    assert main([url if word == "URL" else word for word in arguments]) != 0
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("url", ["https://host/scans.zip", "https:\\host\\scans.zip", "ftp://host/scans", "s4://bucket/scans"])
def test_other_urls_are_not_called_missing_files(url: str, circle: Circle, capsys: pytest.CaptureFixture) -> None:
    assert main(["convert", url, "-o", str(circle.nifti)]) == 2
    assert "URLs of this kind are not supported" in capsys.readouterr().err


def test_nothing_is_printed_by_the_packages_of_stores(circle: Circle) -> None:
    circle.make("classic_ct")
    ObjectStore(f"zip://::{shutil.make_archive(str(circle.folder / 'scans'), 'zip', circle.dicom)}")
    assert all(logging.getLogger(name).handlers for name in ("gcsfs", "s3fs", "adlfs"))


def test_archives_of_files_are_not_written(circle: Circle) -> None:
    circle.make("classic_ct")
    with pytest.raises(OptionError, match="read, not written"):
        to_nifti(circle.dicom, f"zip://out::{circle.folder}/out.zip")


@pytest.mark.slow
def test_keys_that_leave_the_folder_are_not_read(source: Path, server: ObjectServer, circle: Circle) -> None:
    content = next(source.rglob("*.dcm")).read_bytes()
    server.client().put_object(Bucket=BUCKET, Key="dicom/../../escaped.dcm", Body=content)
    report = to_nifti(f"{S3}/dicom", circle.nifti)
    assert [entry.error for entry in report.failures] == [
        f"{S3}/dicom/../../escaped.dcm: its name is not valid for a file. Rename it."
    ]
    assert len(circle.images()) == 2


@pytest.fixture
def zipped(circle: Circle) -> Callable[..., str]:
    """Return the URL of an archive of the images of a study, each under one of the names."""

    def archive_of(*names: str) -> str:
        circle.make("two_series")
        files = sorted(path for path in circle.dicom.rglob("*") if path.is_file())
        with zipfile.ZipFile(circle.folder / "scans.zip", "w") as archive:
            for name, file in zip(names, files, strict=False):
                archive.write(file, name)
        return f"zip://::{circle.folder / 'scans.zip'}"

    return archive_of


@pytest.mark.parametrize("names", [("a.dcm", "A.dcm"), ("a/1.dcm", "A/2.dcm"), ("\u00e9.dcm", "e\u0301.dcm")])
def test_objects_that_are_one_file_on_this_disk_are_refused(
    names: tuple[str, str], zipped: Callable[..., str], circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "_distinguishes_case", lambda folder: False)

    report = to_nifti(zipped(*names), circle.nifti)

    assert len(report.failures) == 1
    assert "differs from it in upper and lower case only" in report.failures[0].error


def test_objects_that_windows_cannot_name_are_refused_there(
    zipped: Callable[..., str], circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "_IS_WINDOWS", True)

    report = to_nifti(zipped("scan.dcm", "scan:1.dcm", "nul.dcm", "b..dcm"), circle.nifti)

    assert [entry.error.partition(": ")[0].rpartition("/")[2] for entry in report.failures] == ["nul.dcm", "scan:1.dcm"]


def test_a_file_that_represents_an_object_occupies_no_room(tmp_path: Path) -> None:
    set_size(tmp_path / "a", 1 << 30)
    status = (tmp_path / "a").stat()

    assert status.st_size == 1 << 30
    assert getattr(status, "st_blocks", 0) == 0


@pytest.mark.parametrize(("url", "windows", "elsewhere"), [
    ("file:///C:/scans/a%20b", "C:/scans/a b", "/C:/scans/a b"), ("file:/C:/scans", "C:/scans", "/C:/scans"),
    ("file://localhost/data", "//data", "/data"), ("file://server/share/a", "//server/share/a", "/server/share/a"),
])  # fmt: skip
def test_file_urls_name_drives_and_servers_on_windows(
    url: str, windows: str, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_windows, path in ((True, windows), (False, elsewhere)):
        monkeypatch.setattr(urls, "_IS_WINDOWS", is_windows)
        assert local_path(url) == Path(path)


@pytest.mark.parametrize("text", ["s3:/bucket/a", "s3://bucket/a/", Path("s3://bucket/a"), "s3:\\bucket\\a"])
def test_urls_survive_as_paths(text) -> None:
    assert is_url(text)
    assert url_of(text) == "s3://bucket/a"


@pytest.mark.parametrize("text", [
    "dicomweb:https:/host:8042/dicom-web/studies/1.2", "dicomweb:https:\\host:8042\\dicom-web\\studies\\1.2",
    Path("dicomweb:https://host:8042/dicom-web/studies/1.2"),
    PureWindowsPath("dicomweb:https://host:8042/dicom-web/studies/1.2"),
])  # fmt: skip
def test_addresses_survive_as_paths(text) -> None:
    assert url_of(text) == "dicomweb:https://host:8042/dicom-web/studies/1.2"
    assert str(parse_address(text)) == "dicomweb:https://host:8042/dicom-web"
    assert parse_address(text).selection.studies == ("1.2",)


def test_a_backslash_in_a_patient_id_stays_and_is_refused() -> None:
    with pytest.raises(OptionError, match="backslash"):
        parse_address("pacs:A@localhost:104?PatientID=1\\2")


@pytest.mark.parametrize("text", ["scans", "/data/s3", "C:\\scans", "c:/scans", "file.nii", "s3bucket/x", "pacs:A@b:104"])
def test_paths_are_no_urls(text: str) -> None:
    assert not is_url(text)


# --- front ends and clusters


@pytest.mark.slow
def test_the_command_line_takes_urls(source: Path, server: ObjectServer, capsys: pytest.CaptureFixture) -> None:
    assert main(["convert", f"{S3}/dicom", "-o", f"{S3}/nifti"]) == 0
    assert f"{S3}/nifti/" in capsys.readouterr().out
    assert main(["inspect", f"{S3}/dicom", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["images"]) == 2
    assert main(["convert", f"{S3}/nifti", "-o", f"{S3}/back", "--uids", "keep", "--names", "original"]) == 0
    assert server.objects("back") == files_of(source)


@pytest.mark.slow
def test_workers_convert_urls(source: Path, server: ObjectServer, circle: Circle) -> None:
    job = Job(f"{S3}/dicom", f"{S3}/nifti", ConversionOptions(skip_existing=True))
    with ThreadPoolExecutor(2) as executor:
        with pytest.raises(OptionError, match="skip_existing=True or overwrite=True"):
            convert_many([Job(f"{S3}/dicom", f"{S3}/nifti")], executor)
        (report,) = convert_many([job], executor)
    assert report.ok
    convert(Job(source, circle.nifti))
    assert server.objects("nifti") == files_of(circle.nifti)
