"""Instances → DICOM files of one conversion."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import OutputError
from ...model import metadata
from ...model.files.names import safe_name, unique_name
from ...model.identity import series_name
from ...model.metadata import Change, Instance, Log, PixelElement
from ...model.processes.freed_memory import return_freed_memory
from ...model.volume import Volume
from ...options import Compression, Names, Progress, Uids
from ...options.remedies import remedy
from ...output import Staging
from ...standard import dictionary
from ...standard.tags import Tag
from . import edits
from .changed_instance import recoded, transcoded, with_all_bits, with_elements
from .composer import Composer
from .data_set_file import DataSetFile, NewObject
from .derived import derive_groups
from .frame_bytes import FrameBytes
from .job import DicomJob
from .new_file import IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION, NewFile
from .provenance import add_provenance, with_provenance
from .read_back import ReadBack
from .reading.pixel_data import decode
from .restore import InstanceFrames, PixelSource


class Writer:
    """Names files, sets attributes, and puts bytes where they belong.

    Parameters
    ----------
    staging : Staging
        Takes the files.
    job : DicomJob
        Options, and what is shared with other volumes.
    values : mapping of AttributePath to (str, list)
        Attributes to set.
    progress : Progress, optional
        Receives the number of files written.
    """

    def __init__(self, staging: Staging, job: DicomJob, values: edits.Values, progress: Progress | None):
        self.staging, self.job, self.values, self.progress = staging, job, values, progress
        self.composer, self.read_back = Composer(), ReadBack(job.options.verify)
        self.log: Log | None = None

    def restored(self, contents: list[InstanceFrames], source: PixelSource, log: Log) -> None:
        """Write instances as they were."""
        keep = self.job.options.uids is Uids.KEEP
        self.log = log
        if self.job.options.compress is not Compression.ORIGINAL:
            _note_transcoding([content.instance for content in contents], log)
        if keep and self.values:
            log.warnings.append(
                "attributes were set although the instances keep their UIDs: two different objects now share them"
            )
        if not keep:
            for content in contents:
                self.job.uids.add(metadata.text(content.instance.elements, Tag.SERIES_INSTANCE_UID))
                self.job.uids.add(content.instance.uid)
        folder = self._folder(contents[0].instance)
        ordered = sorted(contents, key=lambda content: metadata.integer(content.instance.elements, Tag.INSTANCE_NUMBER))
        for done, (n, content) in enumerate(as_stored(ordered)):
            self._report_progress(done, len(ordered))
            instance = self._as_written(content.instance)
            _note_dropped(content.instance, instance, log)
            if source.exceeds_bits_stored(content):
                instance = with_all_bits(instance)
                _note_once(log, "BitsStored (0028,0101) is the allocated bits, as the compressed values need them")
            instance = self._with_values(instance, log if n == 0 else None)
            if not keep:
                elements = self.job.uids.apply(instance.elements)
                instance = with_elements(instance, elements, self.job.uids)
            pixels, raw = source.written(content)
            name = self._name(folder, n, content.instance)
            self._write(replace(instance, pixels=pixels), pixels, raw, name, content.instance.transfer_syntax)

    def derived(self, volumes: Sequence[Volume], log: Log) -> None:
        """Write edited volumes that become one as new instances."""
        volume = volumes[0]
        if self.job.options.uids is Uids.KEEP:
            log.warnings.append("new UIDs were assigned because the image was edited")
        folder = self._series_folder(volume.dicom.metadata.first, self.job.series_folder)
        for n, new_file in enumerate(derive_groups(volumes, self.job.uids, log, self.job.options, self.values)):
            self._report_progress(n, volume.voxels.shape[0] * volume.voxels.shape[1])
            new_file = self._with_provenance(new_file)
            instance = self._with_values(new_file.instance, log if n == 0 else None)
            self._write(instance, new_file.pixels, new_file.raw, f"{folder}/{n + 1:06d}.dcm")

    def made(self, objects: Iterable[NewObject], folder: str, total: int) -> None:
        """Write objects made from nothing into a folder of their own."""
        folder = unique_name(safe_name(folder), self.job.folders)
        for n, new_file in enumerate(objects):
            self._report_progress(n, total)
            name = f"{folder}/{n + 1:06d}.dcm"
            if isinstance(new_file, NewFile):
                new_file = self._with_provenance(new_file)
                self._write(new_file.instance, new_file.pixels, new_file.raw, name)
            else:
                self._save(new_file, name)

    def _with_provenance(self, new_file: NewFile) -> NewFile:
        return new_file if self.job.provenance is None else with_provenance(new_file, self.job.provenance)

    def _save(self, made: DataSetFile, name: str) -> None:
        """Write a data set that highdicom made, with file meta information of ours."""
        from pydicom.uid import ExplicitVRLittleEndian

        data_set = made.data_set
        if self.job.provenance is not None:
            add_provenance(data_set, self.job.provenance)
        meta = data_set.file_meta
        meta.ImplementationClassUID, meta.ImplementationVersionName = IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION
        meta.TransferSyntaxUID = meta.get("TransferSyntaxUID", ExplicitVRLittleEndian)
        self.job.files.add(name)
        path = self.staging.path(name)
        checksum = made.save(path)
        self.read_back.check_data_set(path, name, made, checksum)
        self._compress(path)

    def _report_progress(self, n: int, total: int) -> None:
        if self.progress is not None and n % 16 == 0:
            self.progress("Writing DICOM", n, total)

    def _as_written(self, instance: Instance) -> Instance:
        """Return an instance in the encoding of its file; in Explicit VR Little Endian where its pixel data change theirs."""
        if not decode.is_native(instance):
            return transcoded(instance)
        asked = self.job.options.compress
        plain = instance.has_little_pixels and not instance.encoding.deflated
        stays = asked in (Compression.NATIVE, Compression.ORIGINAL) or plain
        return instance if stays or (asked is Compression.DEFLATE and instance.encoding.deflated) else recoded(instance)

    def _with_values(self, instance: Instance, log: Log | None) -> Instance:
        if log is not None:
            log.changes += [_change(instance, target, values) for target, (_, values) in self.values.items()]
        return edits.apply(instance, self.values)

    def _folder(self, instance: Instance) -> str:
        return "" if self.job.options.names is Names.ORIGINAL else self._series_folder(instance)

    def _series_folder(self, instance: Instance, wanted: str = "") -> str:
        return unique_name(safe_name(wanted) if wanted else folder_of(instance), self.job.folders)

    def _name(self, folder: str, n: int, instance: Instance) -> str:
        if self.job.options.names is Names.ORIGINAL and instance.name:
            return instance.name
        return f"{folder}/{n + 1:06d}.dcm".lstrip("/")

    def _write(
        self,
        instance: Instance,
        pixels: PixelElement | None,
        raw: bytes | memoryview | FrameBytes,
        name: str,
        original: str = "",
    ) -> None:
        if name in self.job.files:  # of another series of this job: even ``overwrite`` may not replace that one
            raise OutputError(f"two files of this conversion would be called {name}. {remedy('number-files')}")
        self.job.files.add(name)
        path, checksum, parts = self.staging.path(name), 0, []
        with open(path, "wb", buffering=0) as file:
            for part in self.composer.parts(instance, pixels, raw):
                _write_all(file, part)
                if isinstance(raw, FrameBytes):
                    checksum = zlib.crc32(part, checksum)
                else:
                    parts.append(part)
        if isinstance(raw, FrameBytes):
            return_freed_memory()  # the headers of the file are read again
        self.read_back.check(path, name, instance, pixels, checksum if isinstance(raw, FrameBytes) else raw, parts)
        if pixels is not None:
            self._compress(path, original)

    def _compress(self, path: Path, original: str = "") -> None:
        if self.job.options.compress is Compression.NATIVE:
            return
        from .compression import compress_file

        compressed = compress_file(path, self.job.options.compress, original)
        if compressed.note and self.log is not None:
            _note_once(self.log, compressed.note)


def folder_of(instance: Instance) -> str:
    """Return the name of the folder of the series of an instance, where it is not taken."""
    return safe_name(series_name(instance.elements))


def as_stored(contents: Sequence[InstanceFrames]) -> list[tuple[int, InstanceFrames]]:
    """Return instances with their numbers, in the order of their planes: so lazy voxels are read once."""
    return sorted(enumerate(contents), key=lambda numbered: numbered[1].frames[0][:3])


def _write_all(file: object, part: bytes | memoryview) -> None:
    view = memoryview(part).cast("B") if part else memoryview(b"")
    while view:
        view = view[file.write(view) :]  # type: ignore[attr-defined]


def _note_transcoding(instances: list[Instance], log: Log) -> None:
    """Return which pixel data were compressed: they come back decoded, with the same values."""
    syntaxes = {instance.transfer_syntax for instance in instances if not decode.is_native(instance)}
    for syntax in sorted(syntaxes):
        log.notes.append(
            f"the pixel data were compressed ({dictionary.uid_name(syntax)}); they come back uncompressed (Explicit VR Little "
            "Endian), with the same values"
        )


def _note_once(log: Log, note: str) -> None:
    if note not in log.notes:
        log.notes.append(note)


def _note_dropped(before: Instance, after: Instance, log: Log) -> None:
    """Return which elements could not come back with decoded pixel data: offset tables, icons that no codec opens."""
    if after.elements is before.elements:
        return
    for tag in before.elements.keys() - after.elements.keys():
        note = f"{dictionary.describe(tag)} went with the compression of the pixel data"
        if note not in log.warnings:
            log.warnings.append(note)


def _change(instance: Instance, target: edits.AttributePath, values: list[Any]) -> Change:
    from pydicom.datadict import keyword_for_tag

    new = "\\".join(v.get("Alphabetic", "") if isinstance(v, dict) else str(v) for v in values)
    tag = target if isinstance(target, int) else target[-1]
    return Change(keyword_for_tag(tag) or dictionary.describe(tag), edits.old_text(instance.elements, target), new, "")
