"""Pictures → MP4 (H.264, 4:2:0, as browsers play it), one at a time: by PyAV, else by ffmpeg on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

from ..errors import DependencyError, OutputError
from ..model.processes.process_groups import without_window
from ..options.remedies import remedy

ENCODERS = ("libx264", "libopenh264", "h264_videotoolbox", "h264_mf")
"""H.264 encoders of ffmpeg that need no special hardware, best first."""
X264 = {"crf": "21", "preset": "ultrafast", "x264-params": "cabac=1:8x8dct=1:no-deblock=0:deblock=0,0"}
"""What "ultrafast" leaves out and costs little is added: entropy coding, large transforms and the filter of block edges.

It takes a third less processor time than "superfast" with 21, the noise is 2 dB less, the similarity (SSIM) the same, and files
are a sixth larger.
"""
NO_ENCODER = (
    f"no MP4 was written: there is neither ffmpeg with an H.264 encoder on the PATH, nor PyAV. {remedy('install-ffmpeg')}"
)
_ASK_S = 20
_LUMA = (16 + np.arange(256) * 219 // 255).astype(np.uint8)
"""Gray → luma: BT.709 in video, cut off as ffmpeg does."""
_NO_COLOR = 128
_PIXELS = {2: "gray", 3: "rgb24"}


class VideoWriter(Protocol):
    """Takes pictures of one size; used as a context."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def add(self, picture: np.ndarray) -> None:
        """Add a picture of 8 bits, shape (rows, columns[, 3])."""


def video_writer() -> Callable[[Path, float], VideoWriter]:
    """Return what writes an MP4 here, when it is called with a file and the pictures per second.

    Raises
    ------
    DependencyError
        If nothing can.
    """
    if _has_pyav():
        return PyavWriter
    program = shutil.which("ffmpeg") or ""
    encoder = _encoder_of(program) if os.path.isabs(program) else ""  # Windows also looks into the current folder
    if not encoder:
        raise DependencyError(NO_ENCODER, "video")
    return partial(FfmpegWriter, program=program, encoder=encoder)


@lru_cache(maxsize=1)
def _has_pyav() -> bool:
    """Whether PyAV is installed and has x264: the start of an ffmpeg for each movie takes as long as 20 pictures."""
    if find_spec("av") is None:
        return False
    import av

    return "libx264" in av.codecs_available


@lru_cache(maxsize=4)
def _encoder_of(program: str) -> str:
    """Return the best encoder that an ffmpeg has; empty where it has none."""
    try:
        output = subprocess.run(
            [program, "-hide_banner", "-encoders"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ASK_S,
            check=False,
            **without_window(),
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    words = {line.split()[1] for line in output.splitlines() if len(line.split()) > 1}
    return next((name for name in ENCODERS if name in words), "")


def even(picture: np.ndarray) -> np.ndarray:
    """Return a picture (rows, columns[, 3]) with even sides, as 4:2:0 requires: the last row and column are repeated."""
    rows, columns = picture.shape[:2]
    if not (rows % 2 or columns % 2):
        return picture
    return np.pad(picture, [(0, rows % 2), (0, columns % 2), *[(0, 0)] * (picture.ndim - 2)], mode="edge")


def gray_planes(picture: np.ndarray) -> np.ndarray:
    """Return Y, U and V (4:2:0; luma 16 to 235) of a gray picture with even sides below each other: (rows · 3 / 2, columns)."""
    rows, columns = picture.shape
    planes = np.full((rows * 3 // 2, columns), _NO_COLOR, np.uint8)
    np.take(_LUMA, picture, out=planes[:rows], mode="clip")
    return planes


class FfmpegWriter:
    """Feeds an ffmpeg process."""

    def __init__(self, path: Path, fps: float, program: str, encoder: str):
        self.path, self.fps, self.program, self.encoder = path, fps, program, encoder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._messages = tempfile.TemporaryFile()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        process = self._process
        try:
            if process is None:
                return
            if error is not None:
                process.kill()
            if process.stdin is not None:
                try:
                    process.stdin.close()
                except OSError:
                    pass  # it has ended already: its exit code gives the reason
            code = process.wait()
            if error is None and code != 0:
                raise OutputError(self._complaint())
        finally:
            self._messages.close()

    def add(self, picture: np.ndarray) -> None:
        """Add a picture; the first one specifies the size of all."""
        picture = even(picture)
        if self._process is None:
            self._process = self._started(picture)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(picture).data)
        except OSError as error:
            self._process.wait()
            raise OutputError(self._complaint()) from error

    def _started(self, picture: np.ndarray) -> subprocess.Popen[bytes]:
        rows, columns = picture.shape[:2]
        colors = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
        quality = [part for key, value in X264.items() for part in (f"-{key}", value)] if self.encoder == "libx264" else []
        command = [
            self.program, "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", _PIXELS[picture.ndim],
            "-s", f"{columns}x{rows}", "-r", f"{self.fps:g}", "-i", "pipe:0", "-an",
            "-vf", "scale=out_color_matrix=bt709:out_range=tv", "-c:v", self.encoder, *quality, "-pix_fmt", "yuv420p",
            *colors, "-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4", str(self.path),
        ]  # fmt: skip
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._messages, **without_window()
        )

    def _complaint(self) -> str:
        self._messages.seek(0)
        words = self._messages.read().decode("utf-8", "replace").strip().splitlines()
        return f"{self.path.name}: ffmpeg could not write it ({words[-1] if words else 'no reason given'})."


class PyavWriter:
    """Encodes with PyAV."""

    def __init__(self, path: Path, fps: float):
        import av
        from av.video.reformatter import VideoReformatter

        self._av, self.path, self.fps = av, path, fps
        self._reformatter: Any = VideoReformatter()  # one for all pictures: its tables take longer than a small one
        self._stream: Any = None

    def __enter__(self) -> Self:
        with self._failures():
            self._container = self._av.open(str(self.path), "w", format="mp4", options={"movflags": "+faststart"})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._failures():
            if error is None and self._stream is not None:
                self._container.mux(self._stream.encode())
            self._container.close()

    def add(self, picture: np.ndarray) -> None:
        """Add a picture; the first one specifies the size of all."""
        picture = even(picture)
        with self._failures():
            self._encode(picture)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except self._av.error.FFmpegError as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(f"{self.path.name}: PyAV could not write it ({reason}).") from error

    def _encode(self, picture: np.ndarray) -> None:
        if self._stream is None:
            self._stream = self._started(picture)
        if picture.ndim == 2:
            frame = self._av.VideoFrame.from_ndarray(gray_planes(picture), format="yuv420p")
        else:
            frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=_PIXELS[picture.ndim])
            frame = self._reformatter.reformat(frame, format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        frame.pts = None
        self._container.mux(self._stream.encode(frame))

    def _started(self, picture: np.ndarray) -> Any:
        from fractions import Fraction

        stream = self._container.add_stream("libx264", rate=Fraction(self.fps).limit_denominator(1000), options=dict(X264))
        stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
        context = stream.codec_context
        context.thread_count = 1  # of small pictures, more of them only wait for each other
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1
        return stream
