"""GIF and MP4: as many pictures as there are, at the pace that was asked for, as other programs play them."""

from __future__ import annotations

import base64
import json
import os
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nifti_dicom_bridge import ConversionOptions, ConversionReport, DependencyError, Job, OutputError, Target, convert
from nifti_dicom_bridge.options import PreviewOptions
from nifti_dicom_bridge.preview import video
from nifti_dicom_bridge.preview.gif import GifWriter
from nifti_dicom_bridge.samples import cines
from nifti_dicom_bridge.samples.cine_files import write_angiogram, write_ultrasound
from nifti_dicom_bridge.samples.create import PATIENT, STUDY, TIMES
from phantoms.base import CT, ULTRASOUND_MULTI_FRAME, image, slices, write
from support.oracles import module, oracle, run

SHARED = {**PATIENT, **STUDY, **TIMES, "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.77.5"}
PAGE = """<video id=v src="data:video/mp4;base64,{}" muted></video><pre id=o>nothing</pre><script>
const v = document.getElementById('v'), o = document.getElementById('o'), c = document.createElement('canvas');
v.onerror = () => {{ o.textContent = JSON.stringify({{error: v.error.message}}); }};
v.ontimeupdate = () => {{
  if (v.currentTime < 0.25) return;
  c.width = v.videoWidth; c.height = v.videoHeight;
  const g = c.getContext('2d'); g.drawImage(v, 0, 0);
  const p = (x, y) => Array.from(g.getImageData(x, y, 1, 1).data).slice(0, 3);
  o.textContent = JSON.stringify({{time: v.currentTime, ready: v.readyState, size: [v.videoWidth, v.videoHeight],
    duration: v.duration, left: p(8, 8), right: p(c.width - 8, 8)}});
}};
v.play();
</script>"""


@pytest.fixture(scope="module")
def cine_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An angiogram and an ultrasound clip."""
    folder = tmp_path_factory.mktemp("cines")
    write_angiogram(cines.angiogram(), folder / "xa" / "a.dcm", SHARED)
    write_ultrasound(cines.heart_clip(), folder / "us" / "a.dcm", SHARED)
    return folder


def preview(source: Path, out: Path, **choices: Any) -> ConversionReport:
    report = convert(Job([source], out, ConversionOptions(target=Target.PREVIEW, preview=PreviewOptions(**choices))))
    assert report.ok, report.failures
    return report


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def probe(path: Path) -> dict[str, Any]:
    said = run(oracle("ffprobe"), "-v", "error", "-count_frames", "-show_streams", "-of", "json", path)
    assert said.returncode == 0, said.stderr
    (stream,) = json.loads(said.stdout)["streams"]
    return stream


def frames_by_ffmpeg(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    import subprocess

    command = [oracle("ffmpeg"), "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, *shape, 3)


# --- GIF --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("fps", "delay_ms"), [(10, 100), (30, 30), (4, 250), (1000, 20)])
def test_the_gif_has_every_frame_at_the_pace_and_goes_round(
    fps: float, delay_ms: int, cine_files: Path, tmp_path: Path
) -> None:
    preview(cine_files / "xa", tmp_path, mp4=False, fps=fps)

    with Image.open(only(tmp_path, "*.gif")) as gif:
        assert gif.n_frames == cines.FRAMES
        assert gif.info["duration"] == delay_ms
        assert gif.info["loop"] == 0


@pytest.mark.parametrize(
    ("attributes", "delay_ms"),
    [
        ({"RecommendedDisplayFrameRate": 25, "CineRate": 50, "FrameTime": "100"}, 40),
        ({"CineRate": 20, "FrameTime": "100"}, 50),
        ({"FrameTime": "33.333"}, 30),
        ({"FrameTimeVector": ["0", "40", "40"]}, 40),
        ({"FrameTime": "1"}, 20),
        ({"FrameTime": "5000"}, 1000),
        ({"FrameTime": "0"}, 100),
        ({}, 100),
    ],
)
def test_a_cine_is_shown_at_its_own_pace(attributes: dict[str, Any], delay_ms: int, tmp_path: Path) -> None:
    """All cines were shown at 10 frames per second, whatever they specified."""
    ds = image(np.arange(3 * 8 * 8, dtype="<u1").reshape(24, 8), ULTRASOUND_MULTI_FRAME)
    ds.Rows, ds.NumberOfFrames = 8, 3
    for name, value in attributes.items():
        setattr(ds, name, value)
    write(tmp_path / "in" / "a.dcm", ds)

    preview(tmp_path / "in", tmp_path / "out", mp4=False)

    with Image.open(only(tmp_path / "out", "*.gif")) as gif:
        assert gif.info["duration"] == delay_ms


@pytest.mark.slow
def test_grey_frames_of_the_gif_are_exact(cine_files: Path, tmp_path: Path) -> None:
    preview(cine_files / "xa", tmp_path, mp4=False)

    expected = cines.angiogram()
    with Image.open(only(tmp_path, "*.gif")) as gif:
        for n in (0, 5, cines.FRAMES - 1):
            gif.seek(n)
            assert np.array_equal(np.asarray(gif.convert("L")), expected[n])


@pytest.mark.slow
def test_colors_of_the_gif_are_near(cine_files: Path, tmp_path: Path) -> None:
    preview(cine_files / "us", tmp_path, mp4=False)

    expected = cines.heart_clip()
    with Image.open(only(tmp_path, "*.gif")) as gif:
        gif.seek(3)
        assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - expected[3]).mean() < 2


def test_the_gif_writer_holds_one_picture_at_a_time(tmp_path: Path) -> None:
    with GifWriter(tmp_path / "a.gif", 10) as gif:
        sizes = []
        for n in range(3):
            gif.add(np.full((20, 30), n, np.uint8))
            gif._file.flush()
            sizes.append((tmp_path / "a.gif").stat().st_size)

    assert sizes == sorted(set(sizes))


# --- MP4 --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_mp4_is_what_browsers_want(cine_files: Path, tmp_path: Path) -> None:
    oracle("ffmpeg")
    preview(cine_files / "us", tmp_path, gif=False, fps=12)

    path = only(tmp_path, "*.mp4")
    stream = probe(path)
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert (stream["width"] % 2, stream["height"] % 2) == (0, 0)
    assert (stream["nb_read_frames"], stream["r_frame_rate"]) == (str(cines.FRAMES), "12/1")
    raw = path.read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")  # fast start


@pytest.mark.slow
def test_an_odd_picture_gets_even_sides(tmp_path: Path) -> None:
    oracle("ffmpeg")
    for n, ds in enumerate(slices(np.zeros((3, 301, 303), "<i2"), CT, spacing=(1.0, 1.0))):
        write(tmp_path / "in" / f"{n}.dcm", ds)

    preview(tmp_path / "in", tmp_path / "out", gif=False)

    stream = probe(only(tmp_path / "out", "*.mp4"))
    assert (stream["width"], stream["height"]) == (304, 302)


@pytest.mark.slow
@pytest.mark.parametrize("with_ffmpeg", [True, False])
def test_the_mp4_shows_the_frames(with_ffmpeg: bool, cine_files: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """By PyAV, and by ffmpeg where there is none."""
    oracle("ffmpeg")
    module("av")
    monkeypatch.setattr(video, "_has_pyav", lambda: not with_ffmpeg)
    preview(cine_files / "us", tmp_path, gif=False)
    monkeypatch.undo()

    expected = cines.heart_clip()
    found = frames_by_ffmpeg(only(tmp_path, "*.mp4"), expected.shape[1:3])

    assert len(found) == len(expected)
    for n in (0, 7):
        assert np.abs(found[n].astype(int) - expected[n])[..., 1].mean() < 8
        flow = (expected[n][..., 2] == 235) | (expected[n][..., 0] == 230)
        assert np.abs(found[n][flow].mean(axis=0) - expected[n][flow].mean(axis=0)).max() < 20


@pytest.mark.slow
def test_without_any_encoder_the_rest_is_written_and_that_is_reported(
    cine_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video.shutil, "which", lambda name: None)
    monkeypatch.setattr(video, "_has_pyav", lambda: False)

    report = preview(cine_files / "xa", tmp_path)

    assert any("no MP4 was written" in text and "ffmpeg" in text for text in report.entries[0].log.warnings)
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".gif", ".txt"}


@pytest.mark.skipif(os.name == "nt", reason="Windows does not run scripts of sh")
def test_a_program_called_ffmpeg_that_fails_leaves_nothing_behind(
    cine_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nif [ \"$2\" = -encoders ]; then echo ' V libx264 x'; exit 0; fi\necho broken >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(video, "_has_pyav", lambda: False)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")

    options = ConversionOptions(target=Target.PREVIEW)
    report = convert(Job([cine_files / "xa"], tmp_path / "out", options))

    assert [entry.error for entry in report.failures] == ["5_XA_cine_coronary_tree.mp4: ffmpeg could not write it (broken)."]
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows does not run scripts of sh")
def test_a_program_called_ffmpeg_in_the_current_folder_is_not_run(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows looks there first: it may be the folder of images that were received."""
    (there / "ffmpeg").write_text("#!/bin/sh\ntouch was_run\necho ' V libx264 x'\n")
    (there / "ffmpeg").chmod(0o755)
    monkeypatch.setattr(video, "_has_pyav", lambda: False)
    monkeypatch.setenv("PATH", ".")

    with pytest.raises(DependencyError, match="neither ffmpeg"):
        video.video_writer()
    assert not (there / "was_run").exists()


def test_a_movie_that_pyav_cannot_write_is_one_sentence(tmp_path: Path) -> None:
    module("av")

    with (
        pytest.raises(OutputError, match=r"a\.mp4: PyAV could not write it \(No such file or directory\)"),
        video.PyavWriter(tmp_path / "missing" / "a.mp4", 10) as movie,
    ):
        movie.add(np.zeros((16, 16), np.uint8))


@pytest.mark.parametrize("kind", ["xa", "us"])
def test_the_mp4_takes_a_fifth_of_the_gif_at_most(kind: str, cine_files: Path, tmp_path: Path) -> None:
    oracle("ffmpeg")
    preview(cine_files / kind, tmp_path)

    gif, mp4 = (only(tmp_path, f"*.{suffix}").stat().st_size for suffix in ("gif", "mp4"))

    assert mp4 <= 0.2 * gif


@pytest.mark.slow
def test_the_mp4_plays_in_chromium_with_the_right_greys(tmp_path: Path) -> None:
    program = oracle("chromium")
    oracle("ffmpeg")
    pixels = np.zeros((12, 256, 256), "<i2")
    pixels[:, :, 128:] = 192
    for n, ds in enumerate(slices(pixels, CT, spacing=(1.0, 1.0))):
        ds.RescaleIntercept, ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = "0", "127.5", "255", "LINEAR_EXACT"
        write(tmp_path / "in" / f"{n}.dcm", ds)
    preview(tmp_path / "in", tmp_path / "out", gif=False, letters=False)
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(base64.b64encode(only(tmp_path / "out", "*.mp4").read_bytes()).decode()), encoding="utf-8")

    said = run(
        program, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--autoplay-policy=no-user-gesture-required", "--virtual-time-budget=5000", "--dump-dom", page.as_uri(),
    )  # fmt: skip

    found = json.loads(re.search(r'<pre id="o">(.*?)</pre>', said.stdout)[1])
    assert found.get("error") is None
    assert found["size"] == [256, 256]
    assert found["duration"] == pytest.approx(1.2, abs=0.15)
    assert max(found["left"]) <= 4
    assert found["right"] == pytest.approx([192] * 3, abs=4)


def test_one_picture_is_no_movie(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.dcm", slices(np.zeros((1, 8, 8), "<i2"), CT)[0])

    preview(tmp_path / "in", tmp_path / "out")

    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".png", ".txt"}


def test_four_dimensions_play_through_the_times(tmp_path: Path) -> None:
    import nibabel

    voxels = np.random.default_rng(0).integers(0, 100, (6, 7, 4, 9)).astype(np.int16)
    (tmp_path / "in").mkdir()
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([2.0, 2.0, 5.0, 1.0])), tmp_path / "in" / "a.nii.gz")

    preview(tmp_path / "in" / "a.nii.gz", tmp_path / "out", mp4=False)

    with Image.open(tmp_path / "out" / "a.gif") as gif:
        assert gif.n_frames == 9


def test_the_logical_screen_of_the_gif_is_the_picture(tmp_path: Path) -> None:
    with GifWriter(tmp_path / "a.gif", 10) as gif:
        gif.add(np.zeros((20, 30, 3), np.uint8))

    assert struct.unpack("<HH", (tmp_path / "a.gif").read_bytes()[6:10]) == (30, 20)


def test_gray_pictures_have_the_luma_that_ffmpeg_makes_of_them_and_no_color() -> None:
    av = module("av")
    picture = np.repeat(np.arange(256, dtype=np.uint8)[None], 16, axis=0)

    planes = video.gray_planes(picture)

    frame = av.VideoFrame.from_ndarray(picture, format="gray")
    expected = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG").to_ndarray()
    assert np.array_equal(planes[:16], expected[:16])
    assert np.all(planes[16:] == 128)
