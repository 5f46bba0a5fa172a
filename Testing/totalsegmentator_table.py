"""The table data/totalsegmentator.json: classes of the tasks of TotalSegmentator, with codes and colors.

Run it on the wheel of TotalSegmentator (Apache-2.0): ``pip download --no-deps TotalSegmentator==2.18.0`` and
``python Testing/totalsegmentator_table.py totalsegmentator-*.whl``. Classes are from its ``map_to_binary.py``, codes and
colors from its ``totalsegmentator_snomed_mapping.csv``. A code of that mapping is used only if PS3.16 (as pydicom lists it)
or a second publication (`CONFIRMED`) has it: a wrong code is worse than none. `CODES` has those of classes that the mapping
lacks, or has wrong. Classes without a code are named at the end; they become private codes, with a warning.
"""

from __future__ import annotations

import csv
import io
import json
import re
import runpy
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

CORE = Path(__file__).resolve().parent.parent / "NiftiDicomBridge" / "nifti_dicom_bridge"
TABLE = CORE / "data" / "totalsegmentator.json"
MAPPING = "totalsegmentator/resources/totalsegmentator_snomed_mapping.csv"
CLASSES = "totalsegmentator/map_to_binary.py"
SIDES = {"left": ["7771000", "SCT", "Left"], "right": ["24028007", "SCT", "Right"]}
STRUCTURE = ["91723000", "SCT", "Anatomical Structure"]
ABNORMAL = ["49755003", "SCT", "Morphologically Abnormal Structure"]
CATEGORIES = {
    "123037004": STRUCTURE,  # the mapping has the code of "Body structure" with this meaning
    "49755003": ABNORMAL,
    "85756007": ["85756007", "SCT", "Tissue"],
    "260787004": ["260787004", "SCT", "Physical object"],
}
SKIPPED_TASKS = ("test", "total_highres_test")
MCODE = "HL7 mCODE, value set Radiotherapy Treatment Location"
MOOSE = "MOOSE, moose_snomed_mapping.csv"
CONFIRMED: dict[str, tuple[str, str]] = {
    "48535007": ("First rib", MCODE), "78247007": ("Second rib", MCODE), "25888004": ("Third rib", MCODE),
    "25523003": ("Fourth rib", MCODE), "15339008": ("Fifth rib", MCODE), "59558009": ("Sixth rib", MCODE),
    "24915002": ("Seventh rib", MCODE), "5953002": ("Eighth rib", MCODE), "22565002": ("Ninth rib", MCODE),
    "77644006": ("Tenth rib", MCODE), "58830002": ("Eleventh rib", MCODE), "43993008": ("Twelfth rib", MCODE),
    "65985001": ("S1 vertebra", MCODE), "3572006": ("Vertebral body", MCODE), "90228003": ("Hard palate", MCODE),
    "52940008": ("Thyroid cartilage", MCODE), "8600008": ("Cricoid cartilage", MCODE), "79368004": ("Masseter muscle", MCODE),
    "52927003": ("Temporalis muscle", MCODE), "88938001": ("Lateral pterygoid muscle", MCODE),
    "85002005": ("Medial pterygoid muscle", MCODE), "52410001": ("Digastric muscle", MCODE), "18252004": ("Platysma", MCODE),
    "244849004": ("Deep muscle of back", MOOSE), "206007": ("Gluteus maximus muscle", MOOSE),
    "78333006": ("Gluteus medius muscle", MOOSE), "75297007": ("Gluteus minimus muscle", MOOSE),
    "74281007": ("Myocardium", MOOSE), "68455001": ("Iliopsoas muscle", MOOSE),
    "110765007": ("Portal vein and splenic vein", MOOSE), "67769002": ("Subcutaneous fatty tissue", MOOSE),
}  # fmt: skip
"""Code values that PS3.16 does not list → meaning, and the publication that has them too."""
CODES: dict[str, str] = {
    # wrong in the mapping: the code of the right artery for both; that of the appendages for the left one
    "subclavian_artery": "36765005", "atrial_appendage_left": "33626005",
    # the mapping has "Entire gluteus maximus muscle"; DICOM uses the codes of structures
    "gluteus_maximus": "206007",
    # PS3.16 has another code
    "metatarsal": "280711000", "carpal": "8205005",
    # not in the mapping
    "lung": "39607008", "vertebrae": "51282000", "eyeball": "79652003", "eye": "81745001", "eye_lens": "78076003",
    "optic_nerve": "18234004", "brainstem": "119238007", "subarachnoid_space": "35951006", "cerebellum": "113305005",
    "caudate_nucleus": "11000004", "insular_cortex": "36169008", "internal_capsule": "85637007", "frontal_lobe": "83251001",
    "parietal_lobe": "16630005", "occipital_lobe": "31065004", "temporal_lobe": "78277001", "thalamus": "42695009",
    "parotid_gland": "45289007", "submandibular_gland": "54019009", "nasopharynx": "71836000", "oropharynx": "31389004",
    "hypopharynx": "81502006", "nasal_cavity": "279549004", "soft_palate": "49460000", "hard_palate": "90228003",
    "thyroid_cartilage": "52940008", "hyoid": "21387005", "cricoid_cartilage": "8600008",
    "internal_carotid_artery": "86117002", "internal_jugular_vein": "12123001", "masseter": "79368004",
    "temporalis": "52927003", "lateral_pterygoid": "88938001", "medial_pterygoid": "85002005", "tongue": "21974007",
    "digastric": "52410001", "sternocleidomastoid": "22823000", "trapezius": "31764008", "platysma": "18252004",
    "anterior_scalene": "50755001", "deltoid": "35259002", "supraspinatus": "6423006", "infraspinatus": "72573008",
    "subscapularis": "90588001", "pectoralis_minor": "18686000", "pectoralis_major": "60005003",
    "serratus_anterior": "18346003", "teres_major": "1193009", "latissimus_dorsi": "15665001", "erector_spinae": "44947003",
    "breast": "76752008", "third_ventricle": "49841001", "fourth_ventricle": "35918002", "ventricle": "35764002",
    "ventricle_temporal_horn": "53118009", "left_ventricular_outflow_tract": "13418002", "sinotubular_junction": "443167003",
    "celiac_trunk": "57850000", "superior_mesenteric_artery": "42258001", "renal_arteries": "2841007",
    "liver_segment_1": "71133005", "liver_segment_2": "277956007", "liver_segment_3": "277957003",
    "liver_segment_4": "277958008", "liver_segment_5": "277959000", "liver_segment_6": "277960005",
    "liver_segment_7": "277961009", "liver_segment_8": "277962002", "mandible": "91609006", "lower_jawbone": "91609006",
    "upper_jawbone": "70925003", "head": "69536005", "sinus_maxillary": "15924003", "maxillary_sinus": "15924003",
    "sinus_frontal": "55060009", "pharynx": "54066008", "thoracic_cavity": "43799004", "pericardium": "76848001",
    "mediastinum": "72410000",
}  # fmt: skip
"""Class, without its side, → value of its type."""
ABNORMALITIES = {
    "lung_nodules": ("27925004", "39607008"), "liver_lesions": ("52988006", "10200004"),
    "brain_aneurysm": ("85659009", "12738006"),
}  # fmt: skip
"""Class → values of type and anatomic region."""
WITH_SIDE = frozenset({"atrial_appendage_left", "left_ventricular_outflow_tract"})
"""Classes whose type contains the side."""
QUADRANTS = {"1": "maxillary right", "2": "maxillary left", "3": "mandibular left", "4": "mandibular right"}
TEETH = (
    "central incisor",
    "lateral",
    "canine",
    "first premolar",
    "second premolar",
    "first molar",
    "second molar",
    "third molar",
)
CID_TEETH = 4018


MEANINGS = {"43799004": "Chest cavity", "57850000": "Celiac Axis", "8887007": "Brachiocephalic vein",
            "12691009": "Brachiocephalic trunk"}  # fmt: skip
"""Meanings of PS3.16 where another context group has one that few know."""
GROUPS = (7151, 7192, 7155, 7154, 7153, 3827, 8134)
"""Context groups in the order in which their meanings are preferred: those of segmented properties first."""


def known_codes() -> dict[str, str]:
    """Return the values of SNOMED CT in PS3.16 and the meanings that its context groups use."""
    found: dict[str, tuple[int, str]] = {}
    for meanings in concepts["SCT"].values():
        for value, (meaning, groups) in meanings.items():
            rank = next((n for n, group in enumerate(GROUPS) if group in groups), len(GROUPS))
            if groups and rank < found.get(value, (len(GROUPS) + 1, ""))[0]:
                found[value] = rank, meaning
    return {value: meaning for value, (_, meaning) in found.items()} | MEANINGS


KNOWN = known_codes()


def code(value: str) -> list[str] | None:
    """Return a code if PS3.16 or a second publication has it."""
    meaning = KNOWN.get(value) or CONFIRMED.get(value, ("",))[0]
    return [value, "SCT", meaning[:1].upper() + meaning[1:]] if meaning else None


def tooth(name: str) -> list[str] | None:
    """Return the code of a permanent tooth by its number in the notation of the FDI; None for other classes."""
    match = re.search(r"_fdi([1-4])([1-8])$", name)
    if match is None:
        return None
    words = (*QUADRANTS[match[1]].split(), *TEETH[int(match[2]) - 1].split())
    rows = [row for keyword in cid_concepts[CID_TEETH]["SCT"] for row in concepts["SCT"][keyword].items()]
    found = [[value, "SCT", meaning] for value, (meaning, groups) in rows
             if CID_TEETH in groups and all(re.search(rf"\b{word}\b", meaning, re.IGNORECASE) for word in words)]  # fmt: skip
    return found[0] if len(found) == 1 else None


def split_side(name: str) -> tuple[str, str]:
    """Return a class without its side, and the side."""
    match = re.fullmatch(r"(.+)_(left|right)", name) or re.fullmatch(r"(left|right)_(.+)", name)
    if match is None or name in WITH_SIDE:
        return name, ""
    return (match[1], match[2]) if match[2] in SIDES else (match[2], match[1])


def own_codes(name: str) -> dict[str, Any]:
    """Return the codes of a class from the tables above; empty where they lack it."""
    if name in ABNORMALITIES:
        kind, region = ABNORMALITIES[name]
        return {"category": ABNORMAL, "type": code(kind), "region": code(region)}
    base, side = split_side(name)
    kind_code = code(CODES[base]) if base in CODES else tooth(name)
    if kind_code is None:
        return {}
    return {"category": STRUCTURE, "type": kind_code} | ({"modifier": SIDES[side]} if side else {})


FIELDS = {
    "type": "SegmentedPropertyTypeCodeSequence", "modifier": "SegmentedPropertyTypeModifierCodeSequence",
    "region": "AnatomicRegionSequence", "region_modifier": "AnatomicRegionModifierSequence",
}  # fmt: skip


def mapped_codes(row: dict[str, str]) -> dict[str, Any]:
    """Return the codes of a row of the mapping; empty if one of them is not confirmed."""
    values = {field: row[f"{sequence}.CodeValue"] for field, sequence in FIELDS.items()}
    codes = {field: code(value) for field, value in values.items() if value}
    if not all(codes.values()):
        return {}
    return {"category": CATEGORIES[row["SegmentedPropertyCategoryCodeSequence.CodeValue"]], **codes}


def table(wheel: Path) -> tuple[str, list[str]]:
    """Return the whole file, and the classes without a code."""
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        rows = {row["Structure"]: row for row in csv.DictReader(io.StringIO(archive.read(MAPPING).decode("utf-8")))}
        tasks = runpy.run_path(archive.extract(CLASSES, folder))["class_map"]
    version = wheel.name.split("-")[1]
    tasks = {task: classes for task, classes in tasks.items() if task not in SKIPPED_TASKS}
    classes: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(name for names in tasks.values() for name in names.values()):
        classes[name] = own_codes(name) or (mapped_codes(rows[name]) if name in rows else {})
        if name in rows:
            classes[name]["color"] = [int(part) for part in rows[name]["DicomRGBColor"].split(",")]
    used = {value for value in CONFIRMED if any(value == one.get("type", [""])[0] for one in classes.values())}
    head = {
        "title": "Classes of TotalSegmentator with codes and colors",
        "source": f"TotalSegmentator {version}: map_to_binary.py, totalsegmentator_snomed_mapping.csv; generated by "
                  "Testing/totalsegmentator_table.py, which checks and corrects codes",
        "licence": "Apache-2.0, Copyright Jakob Wasserthal and contributors, https://github.com/wasserth/TotalSegmentator; "
                   "SNOMED CT codes under the DICOM agreement with SNOMED International (PS3.16 8.1.1)",
        "confirmed": {value: source for value, (_, source) in CONFIRMED.items() if value in used},
    }  # fmt: skip
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    lines += [' "tasks": {', ",\n".join(f"  {json.dumps(task)}: {json.dumps(names)}" for task, names in tasks.items()), " },"]
    lines += [' "classes": {', ",\n".join(f"  {json.dumps(n)}: {json.dumps(one)}" for n, one in classes.items()), " }"]
    return "{\n" + "\n".join(lines) + "\n}\n", [name for name, one in classes.items() if "type" not in one]


if __name__ == "__main__":
    text, without = table(Path(sys.argv[1]))
    TABLE.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(without)} classes without a code: {', '.join(without)}")
