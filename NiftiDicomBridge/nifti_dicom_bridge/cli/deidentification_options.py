"""The arguments of ``convert`` that protect patients."""

from __future__ import annotations

import argparse
from typing import Any

from ..options import Clean, ConversionOptions, Layout, Retain, Target
from ..options.key_files import ENVIRONMENT


def add_deidentification(group: Any) -> None:
    """Add the arguments to a group of a parser; a key never is one of them: other users see the arguments of a process."""
    group.add_argument("--deidentify", action="store_true",
                       help="remove identifying metadata and file names (PS3.15 Basic Profile)")  # fmt: skip
    group.add_argument("--retain", metavar="LIST", type=str.lower,
                       help=f"keep nevertheless: {', '.join(Retain)}")  # fmt: skip
    group.add_argument("--clean", metavar="LIST", type=str.lower,
                       help=f"clean instead of removing: {', '.join(Clean)}")  # fmt: skip
    group.add_argument("--key-file", metavar="FILE",
                       help=f"secret that links UIDs, pseudonyms and dates of several runs (default: {ENVIRONMENT} in the "
                            "environment, else a random key)")  # fmt: skip
    group.add_argument("--pseudonyms", metavar="TABLE.csv",
                       help="columns PatientID and Pseudonym; 'keyed': computed from the key")  # fmt: skip
    group.add_argument("--deidentify-rules", metavar="FILE.toml",
                       help="attributes to keep, remove, empty or replace; takes precedence over the profile")  # fmt: skip
    group.add_argument("--identity", action=argparse.BooleanOptionalAction, default=False,
                       help="also write PatientName, PatientBirthDate and InstitutionAddress as keys of the sidecar "
                            "(default: only in its lossless record)")  # fmt: skip
    group.add_argument("--no-record", action="store_false", dest="record", default=True,
                       help="write a plain BIDS sidecar, from which the DICOM cannot be restored")  # fmt: skip


def identity_notice(options: ConversionOptions) -> str:
    """Return the first line of a run that writes who the patient is next to the images; empty for other runs."""
    if options.deidentify or options.target not in (Target.NIFTI, Target.ZARR) or not options.record:
        return ""
    where = "sourcedata contains" if options.layout is Layout.BIDS else "the JSON files contain"
    return f"note       {where} the complete headers of images from DICOM, including patient names; --deidentify removes them"
