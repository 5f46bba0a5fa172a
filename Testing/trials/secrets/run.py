"""The proof of docs/deidentification.md: plants secrets, converts with every target and option, and searches all outputs.

    python Testing/trials/secrets/run.py [--kinds ct,mr] [--keep FOLDER]

Exit code 1 if a secret survived that the documentation does not list as kept. A run without --deidentify must show them: a
search that finds nothing there is broken.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "NiftiDicomBridge"), str(ROOT / "Testing" / "Python"), str(Path(__file__).parent)]

from plant import SOP_CLASSES, Secret, plant  # noqa: E402
from search import Finder, contents, unpacked  # noqa: E402

from nifti_dicom_bridge.cli import main as convert  # noqa: E402
from nifti_dicom_bridge.deidentification.dates import shifted  # noqa: E402
from nifti_dicom_bridge.deidentification.policy import Policy  # noqa: E402

TARGETS = {
    "nifti": ["--to", "nifti"], "nifti plain": ["--to", "nifti", "--no-record"], "bids": ["--to", "nifti", "--layout", "bids"],
    "dicom": ["--to", "dicom"], "dicom as pm": ["--to", "dicom", "--as", "pm"], "dicom as sc": ["--to", "dicom", "--as", "sc"],
    "zarr": ["--to", "zarr"], "preview": ["--to", "preview", "--mosaic", "--no-mp4"],
}  # fmt: skip
MOVED = "modified-dates"
KEY = b"a key of the trial, for repetition"
OPTIONS = {
    "basic": [], "safe private": ["--retain", "safe-private"], "modified dates": ["--retain", "modified-dates"],
    "clean": ["--clean", "descriptors,structured-content,graphics"],
}  # fmt: skip


def run(kinds: list[str], folder: Path) -> int:
    """Convert and search, print a table, and return the number of secrets that survived."""
    survivors: Counter[str] = Counter()
    planted = kept = 0
    for number, kind in enumerate(kinds):
        secrets = plant(folder / "in" / kind, kind, 1000 * number)
        source = next((folder / "in" / kind).iterdir())
        _require_search(source, folder / kind / "control", secrets)
        (folder / "key").write_bytes(KEY)
        moved = moved_dates(secrets, f"SECRETID{1000 * number}")
        common = ["--deidentify", "--key-file", str(folder / "key")]
        for option, arguments in OPTIONS.items():
            for target, to in TARGETS.items():
                output = folder / kind / option.replace(" ", "_") / target.replace(" ", "_")
                places = converted_and_searched(source, output, [*to, *common, *arguments], secrets)
                given = " ".join(arguments)
                by_design = [
                    secret
                    for secret in places
                    if secret.kept or (secret.kept_by and secret.kept_by in given) or (MOVED in given and secret.text in moved)
                ]
                lost = {f"{secret.place} ({secret.text}) in {places[secret]}" for secret in places if secret not in by_design}
                planted, kept = planted + len(secrets), kept + len(by_design)
                survivors.update(lost)
                print(f"{kind:4} {option:15} {target:12} planted {len(secrets):5}  kept by design {len(by_design):4}  "
                      f"survivors {len(lost):3}", flush=True)  # fmt: skip
    for text, count in survivors.most_common(60):
        print(f"  {count} × {text}")
    print(f"\n{planted} secrets planted, {kept} kept by design, {sum(survivors.values())} survivors")
    return sum(survivors.values())


def moved_dates(secrets: list[Secret], patient: str) -> set[str]:
    """Return the dates that planted dates become when they are moved: one may be the original of another attribute."""
    days = Policy(KEY).shift_days(patient)
    return {shifted("DA", secret.text[:8], days) for secret in secrets if secret.text[:8].isdigit()}


def converted_and_searched(source: Path, output: Path, arguments: list[str], secrets: list[Secret]) -> dict[Secret, str]:
    """Return the secrets in outputs, reports, and everything that was printed, with where they were found."""
    report = output / "report"
    report.mkdir(parents=True)
    printed = io.StringIO()
    for suffix in (".json", ".html"):
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            command = [
                "convert",
                str(source),
                "-o",
                str(output / suffix[1:]),
                *arguments,
                "-v",
                "--report",
                str(report / f"r{suffix}"),
            ]
            code = convert(command)
        if code:
            raise SystemExit(f"{' '.join(command)}: exit code {code}\n{printed.getvalue()}")
    text = printed.getvalue().replace(str(source), "")
    finder = Finder(secret.text for secret in secrets)
    places: dict[str, str] = {}
    for name, raw in (*contents(output), *unpacked("printed", text.encode("utf-8", "surrogateescape"))):
        for found in finder.found_in(raw):
            places.setdefault(found, name)
    return {secret: places[secret.text] for secret in secrets if secret.text in places}


def _require_search(source: Path, output: Path, secrets: list[Secret]) -> None:
    """Refuse a search that does not find what a conversion keeps."""
    places = converted_and_searched(source, output, ["--to", "dicom"], secrets)
    share = len(places) / len(secrets)
    if share < 0.9:
        raise SystemExit(f"The search is broken: it finds {share:.0%} of the secrets in a conversion that removes none.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default=",".join(SOP_CLASSES))
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        return 1 if run(given.kinds.split(","), given.keep or Path(temporary)) else 0


if __name__ == "__main__":
    sys.exit(main())
