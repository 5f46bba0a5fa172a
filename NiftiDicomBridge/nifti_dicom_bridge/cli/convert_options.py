"""The options of ``convert`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..options import Compression, Kind, Layout, Names, RoiForm, SegmentationForm, SlicePlane, Target, Uids
from ..options.filename_templates import FIELDS
from .archive_options import ARCHIVE, add_settings
from .cluster_options import add_cluster
from .command_list import HELP
from .deidentification_options import add_deidentification
from .new_files import add_report
from .preview_options import add_preview
from .reading_options import add_reading, add_selection

KINDS = ", ".join(kind.value for kind in Kind if kind is not Kind.AUTO)
PLANES = ", ".join(plane.value for plane in SlicePlane if plane is not SlicePlane.AUTO)


def add_convert(commands: Any, can_register: bool) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "convert",
        help=HELP["convert"],
        description="Convert files and folders, at any depth.",
        usage="nifti-dicom-bridge convert INPUT ... -o OUT [--to FORMAT] [options]",
    )
    sub.add_argument("inputs", nargs="+", type=Path, metavar="INPUT",
                     help="DICOM or NIfTI files, Zarr stores, folders, a DICOMDIR, or what an archive has: "
                          "dicomweb:URL/studies/UID, pacs:AETITLE@HOST:PORT/studies/UID, …?PatientID=ID; or objects of a "
                          "store: s3://BUCKET/FOLDER, gs://…, az://…, zip://FOLDER::ARCHIVE.zip (docs/scale.md)")  # fmt: skip
    sub.add_argument("--to", dest="target", choices=[t.value for t in Target],
                     help="the format to write (default: nifti for DICOM, dicom for NIfTI and Zarr)")  # fmt: skip
    sub.add_argument("-o", "--output", required=True, type=Path, metavar="OUT",
                     help="folder to write to, created if missing; or a URL: s3://…, gs://…, az://…")  # fmt: skip
    _add_form(sub)
    _add_bids(sub.add_argument_group("BIDS", "with --layout bids; see docs/bids-layout.md"))
    _add_dicom(sub.add_argument_group("DICOM files and archives"))
    _add_zarr(sub.add_argument_group("Zarr", "with --to zarr"))
    _add_creation(
        sub.add_argument_group("New DICOM objects", "from NIfTI without a DICOM original, or of another kind than the original")
    )
    add_preview(sub.add_argument_group("Pictures", "with --to preview; --plane and --labels also apply"))
    add_deidentification(sub.add_argument_group("De-identification", "see docs/deidentification.md"))
    _add_existing(sub)
    add_reading(sub)
    add_selection(sub)
    _add_run(sub, can_register)


def _add_form(sub: Any) -> None:
    sub.add_argument("--uids", choices=[u.value for u in Uids], default=Uids.NEW.value,
                     help="new: a new series (default); keep: the original instances")  # fmt: skip
    sub.add_argument("--names", choices=[n.value for n in Names], default=Names.NUMBERED.value,
                     help="numbered: SERIES/000001.dcm (default); original: the original file names")  # fmt: skip
    sub.add_argument("-f", "--filename", metavar="TEMPLATE",
                     help="names of images, such as '{patient}/{series:03}_{description}', or dcm2niix's '%%s_%%d'; fields: "
                          + ", ".join(FIELDS))  # fmt: skip
    sub.add_argument("--no-gzip", action="store_false", dest="gzip", help="write .nii instead of .nii.gz")
    sub.add_argument("--layout", choices=[layout.value for layout in Layout], default=Layout.FLAT.value,
                     help="flat: all NIfTI files in OUT (default); bids: OUT is a BIDS dataset")  # fmt: skip
    sub.add_argument("--rois", choices=[form.value for form in RoiForm], default=RoiForm.LABELMAP.value,
                     help="RT Structure Sets: labelmap (default), or masks: one image for each region")  # fmt: skip
    sub.add_argument("--resample", type=str.lower, metavar="tilt,spacing",
                     help="to NIfTI: for an image of sheared or uneven slices, also write one on a regular grid. To DICOM: "
                          "'shear' makes rows and columns perpendicular")  # fmt: skip
    sub.add_argument("--set", action="append", default=[], metavar="KEYWORD=VALUE", dest="attributes",
                     help="set a DICOM attribute, such as PatientID=007; may be repeated")  # fmt: skip


def _add_existing(sub: Any) -> None:
    sub.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    sub.add_argument("--skip-existing", action="store_true",
                     help="skip images whose outputs exist: completes a conversion that was interrupted")  # fmt: skip
    sub.add_argument("--verify", action="store_true",
                     help="read every output again and compare it before it is put in place")  # fmt: skip


def _add_run(sub: Any, can_register: bool) -> None:
    sub.add_argument("--jobs", type=int, metavar="N",
                     help="images to convert at the same time, in processes (default: one per processor)")  # fmt: skip
    add_cluster(sub.add_argument_group("Many images", "see docs/scale.md"))
    add_report(sub)
    if can_register:
        sub.add_argument("--register", action="store_true", help="add the DICOM files to Slicer's DICOM database")
    volume = sub.add_mutually_exclusive_group()
    volume.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    volume.add_argument("-v", "--verbose", action="count", default=0,
                        help="print every file, warning, note and change; -vv: tracebacks")  # fmt: skip


def _add_bids(group: Any) -> None:
    group.add_argument("-p", "--subject", "--participant", metavar="LABEL", dest="subject",
                       help="label of the subject, for input of one patient")  # fmt: skip
    group.add_argument("-s", "--session", metavar="LABEL", help="label of the session (default: date of the study)")
    group.add_argument("--task", metavar="LABEL", help="label of the task of functional images (default: by their names)")
    group.add_argument("--run", metavar="N", help="number of the run, for input of one run (default: counted)")
    group.add_argument("--bids-map", metavar="FILE", help="JSON or TOML that specifies what each series is in BIDS")
    group.add_argument("--bids-keys", metavar="FILE",
                       help="JSON or TOML with keys of sidecars that the DICOM does not contain, by datatype")  # fmt: skip
    group.add_argument("--bids-derivative", metavar="NAME", help="write segmentations and other results to derivatives/NAME")


def _add_dicom(group: Any) -> None:
    group.add_argument("--compress", choices=[c.value for c in Compression], default=Compression.NATIVE.value, metavar="CODEC",
                     help="compress the pixels of DICOM files without loss: rle, jpegls, j2k, htj2k, deflate; original: as the "
                          "restored files were; native (default): uncompressed")  # fmt: skip
    group.add_argument("--send", metavar="ARCHIVE", help=f"send the DICOM files to an archive: {ARCHIVE}")
    add_settings(group)


def _add_zarr(group: Any) -> None:
    group.add_argument("--shards", action="store_true", help="many chunks in one file, for object stores")
    group.add_argument("--zip", action="store_true", dest="zip_store", help="write each store as one file, NAME.zarr.zip")
    group.add_argument("--pyramid", type=int, default=0, metavar="N", help="write N coarser levels for viewers (default: none)")


def _add_creation(group: Any) -> None:
    group.add_argument("--as", choices=[k.value for k in Kind], default=Kind.AUTO.value, dest="kind", metavar="KIND",
                       help=f"the kind of DICOM object (default: by data and modality): {KINDS}")  # fmt: skip
    group.add_argument("--reference", action="append", metavar="DICOM",
                       help="DICOM series in the same frame of reference; patient and study are copied from it; may be "
                            "repeated: images are paired by grid, then by name")  # fmt: skip
    group.add_argument("--allow-no-overlap", action="store_true",
                       help="also use a reference that the image does not overlap, for patient and study only")  # fmt: skip
    group.add_argument("--same-space", action="store_true",
                       help="RT Structure Sets, Segmentations: take the frames of reference for one space")  # fmt: skip
    group.add_argument("--study-from", metavar="DICOM", help="DICOM from which only patient and study are copied")
    group.add_argument("--sidecar", metavar="FILE.json", help="path of the BIDS sidecar, if it is not next to the image")
    group.add_argument("--metadata", metavar="FILE",
                       help="JSON or TOML with DICOM keywords and values; --set takes precedence")  # fmt: skip
    group.add_argument("--labels", metavar="FILE|PROFILE",
                       help="names, codes and colors of the labels of a label map: a file, or a profile such as freesurfer, "
                            "totalsegmentator:total, masks (docs/labels.md)")  # fmt: skip
    group.add_argument("--algorithm", metavar="NAME[:VERSION[:FAMILY]]",
                       help="algorithm that made a segmentation, such as nnU-Net:2.5:AI")  # fmt: skip
    group.add_argument("--segmentation", choices=[s.value for s in SegmentationForm], default=SegmentationForm.AUTO.value,
                       metavar="FORM",
                       help="how segments are stored: binary (default), labelmap, fractional (default for "
                            "probabilities)")  # fmt: skip
    group.add_argument("--plane", choices=[p.value for p in SlicePlane], default=SlicePlane.AUTO.value, metavar="PLANE",
                       help=f"plane of the slices: {PLANES} (default: that of the reference or of "
                            "the thickest slices)")  # fmt: skip
    group.add_argument("--max-error", type=float, metavar="E",
                       help="largest change that rounding to 16 bits may make, in the units of the image")  # fmt: skip
