"""Every series of a folder of cases through Slicer: load, export as NIfTI, import with its UIDs, compare with the original.

In Slicer, and in the test host in the same way::

    Slicer --no-splash --no-main-window --additional-module-paths NiftiDicomBridge --python-script \
        Testing/Slicer/round_trip_of_all_series.py -- CASES TABLE.json [--only GLOB] [--slicers-own]

    python -m slicer_host --no-main-window --python-script Testing/Slicer/round_trip_of_all_series.py -- CASES TABLE.json

CASES contains a folder per case, each with a folder ``dicom``. ``--slicers-own`` leaves our DICOM loader out, so that
Slicer's own ones load all they can. TABLE.json receives a row for every series; the counts are printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import slicer

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = "DICOMNiftiDicomBridgePlugin"
IDENTICAL, EDITED, FAILED, REFUSED, CRASHED = "identical", "falsely edited", "failed", "refused", "crashed"
NOT_LOADED, DIFFERENT, NO_IMAGE = "not loaded by Slicer", "different", "no image"


def main(arguments: list[str]) -> int:
    """Run the cases and write the table."""
    options = parse(arguments)
    if not hasattr(slicer.modules, "niftidicombridge"):  # in the test host
        import slicer_host

        slicer_host.load_module(ROOT / "NiftiDicomBridge" / "NiftiDicomBridge.py")
        slicer_host.load_module(ROOT / "NiftiDicomBridge" / f"{PLUGIN}.py")
    if options.slicers_own:
        for key in [key for key in slicer.modules.dicomPlugins if "NiftiDicomBridge" in key]:
            del slicer.modules.dicomPlugins[key]
    rows = []
    for case in sorted(path for path in options.cases.glob(options.only) if (path / "dicom").is_dir()):
        rows += rows_of_case(case)
        options.table.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    counts = Counter(row["result"] for row in rows if row["result"] != NO_IMAGE)
    print(f"{counts.total()} series with images: " + ", ".join(f"{count} {result}" for result, count in counts.most_common()))
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--only", default="*")
    parser.add_argument("--slicers-own", action="store_true")
    return parser.parse_args(arguments)


def rows_of_case(case: Path) -> list[dict]:
    """Return a row for every series of a case, from a database of its own."""
    from DICOMLib import DICOMUtils

    from NiftiDicomBridgeLib.Host import Database

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "database").mkdir()
        slicer.dicomDatabase.openDatabase(str(Path(folder) / "database" / "ctkDICOM.sql"))
        DICOMUtils.importDicom(str(case / "dicom"))
        for number, series in enumerate(Database.all_series()):
            slicer.mrmlScene.Clear()
            start = time.time()
            row = row_of_series(series.uid, Path(folder) / str(number))
            rows.append({"case": case.name, "series": series.name, "detail": series.detail, **row})
            print(f"{case.name} | {series.name} | {row['result']} {row['why'][:400]} ({time.time() - start:.1f} s)", flush=True)
        slicer.dicomDatabase.closeDatabase()
    return rows


def row_of_series(uid: str, folder: Path) -> dict:
    """Return what became of one series, and why."""
    try:
        return round_trip(uid, folder)
    except Exception:
        return {"result": CRASHED, "why": traceback.format_exc()}


def round_trip(uid: str, folder: Path) -> dict:
    """Load, export, import, compare."""
    from DICOMLib import DICOMUtils

    from nifti_dicom_bridge import ConversionOptions, Uids
    from NiftiDicomBridge import NiftiDicomBridgeLogic
    from NiftiDicomBridgeLib.Nodes.NodeKinds import convertible_nodes, instance_uids_of, was_dicom

    files, logic = [Path(name) for name in slicer.dicomDatabase.filesForSeries(uid)], NiftiDicomBridgeLogic()
    if not has_pixels(files):
        return {"result": NO_IMAGE, "why": ""}
    DICOMUtils.loadSeriesByUID([uid])
    nodes = convertible_nodes()
    if not any(instance_uids_of(node) or was_dicom(node) for node in nodes):
        return {"result": NOT_LOADED, "why": ""}
    row = {"nodes": [f"{node.GetClassName()} {node.GetName()}" for node in nodes]}
    exported = logic.exportVolumes(nodes, folder / "nifti")
    if not exported.ok:
        return {**row, "result": REFUSED if not exported.outputs else FAILED, "why": errors_of(exported)}
    unedited = all(any(note.startswith("Unchanged") for note in entry.log.notes) for entry in exported.entries)
    back = logic.importNifti(exported.outputs, ConversionOptions(uids=Uids.KEEP), database=False, folder=folder / "back")
    if not unedited:
        return {**row, "result": EDITED, "why": notes_of(exported) + " " + errors_of(back)}
    if not back.ok:
        return {**row, "result": FAILED, "why": errors_of(back)}
    return {**row, **compared(files, back.outputs)}


def has_pixels(files: list[Path]) -> bool:
    """Whether any of the files is an image."""
    import pydicom

    tags = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
    headers = (pydicom.dcmread(path, defer_size=1024, force=True) for path in files)
    return any(tag in header for header in headers for tag in tags)


def compared(files: list[Path], back: list[Path]) -> dict:
    """Return whether the files that came back have the content of the originals that Slicer has loaded."""
    from nifti_dicom_bridge import compare
    from NiftiDicomBridgeLib.Host.DatabaseFiles import headers_of

    images = [path for path in files if has_pixels([path])]
    kept = {header.instance for header in headers_of(back)}
    loaded = [header.path for header in headers_of(images) if header.instance in kept]
    found = compare(loaded or images, back)
    why = "; ".join(f"{one.what}: {one.first} / {one.second}" for one in found.differences[:5])
    if len(loaded) < len(images):
        why = f"Slicer loads {len(loaded)} of {len(images)} files. {why}".strip()
    return {"result": IDENTICAL if found.same else DIFFERENT, "why": why}


def errors_of(report) -> str:
    """Return all errors of a report."""
    return " ".join(entry.error for entry in report.failures)


def notes_of(report) -> str:
    """Return all notes and warnings of a report."""
    return " ".join(text for entry in report.entries for text in entry.log.notes + entry.log.warnings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
