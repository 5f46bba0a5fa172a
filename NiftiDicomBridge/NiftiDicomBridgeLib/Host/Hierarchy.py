"""Slicer's subject hierarchy: what is under which patient and study, and putting a node there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import slicer

from nifti_dicom_bridge import may_be_same_person

from ..Nodes.NodeKinds import VOLUME, convertible_nodes, instance_uids_of, node_type
from .EncodedTexts import readable

PATIENT, STUDY = "Patient", "Study"
# what Slicer's DICOM loader keeps at each level (DICOMPlugin.addSeriesInSubjectHierarchy), and the BIDS sidecar knows too
OF_PATIENT = ("PatientName", "PatientID", "PatientSex", "PatientBirthDate", "PatientComments")
OF_PERSON = ("PatientName", "PatientSex", "PatientBirthDate")
OF_STUDY = ("StudyInstanceUID", "StudyID", "StudyDescription", "StudyDate", "StudyTime")
OF_SERIES = ("Modality", "SeriesNumber", "FrameOfReferenceUID", "SeriesDescription", "SeriesDate", "SeriesTime", "ContentDate",
             "ContentTime", "Manufacturer", "SOPClassUID")  # fmt: skip
PLACEHOLDERS = {
    "PatientName": "No name",
    "StudyDescription": "No study description",
    "SeriesDescription": "No series description",
}
GENERATED_ID = "Patient-"
"""Followed by the Study Instance UID."""
IDENTITY_IN_SIDECARS = ("PatientID", "PatientSex", "StudyInstanceUID", "StudyID", "StudyDescription")
PERSONAL_IN_SIDECARS = ("PatientName", "PatientBirthDate")
"""Only where the user wants them there (`ConversionOptions.identity`)."""


@dataclass
class Branch:
    """A row of the tree of what is loaded: a patient, a study, a folder, or a node that can be exported.

    Attributes
    ----------
    name, detail : str
        What a person calls it, and what it is.
    node_id : str
        Of a node; empty for all others.
    children : list of Branch
        What is below.
    """

    name: str
    detail: str = ""
    node_id: str = ""
    children: list[Branch] = field(default_factory=list)


def tree_of_scene() -> list[Branch]:
    """Return what can be exported, as the subject hierarchy has it; branches that hold nothing of it are left out."""
    hierarchy = _hierarchy()
    nodes = {node.GetID(): node for node in convertible_nodes()}
    branches = _branches_below(hierarchy, hierarchy.GetSceneItemID(), nodes)
    return branches + [_leaf(node) for node in nodes.values()]  # those that the hierarchy does not show: sequences


def node_of_item(item: int) -> Any:
    """Return the node of an item of the subject hierarchy; None where there is none."""
    return _hierarchy().GetItemDataNode(item)


def item_of_node(node: Any) -> int:
    """Return the item of a node in the subject hierarchy; 0 where there is none."""
    return int(_hierarchy().GetItemByDataNode(node)) if node is not None else 0


def nodes_below(item: int) -> list[Any]:
    """Return what can be exported of an item and below it, in the order of the hierarchy."""
    hierarchy = _hierarchy()
    if not item:
        return []
    fitting = {node.GetID(): node for node in convertible_nodes()}
    own = hierarchy.GetItemDataNode(item)
    below = [fitting.pop(own.GetID())] if own is not None and own.GetID() in fitting else []
    rows = _branches_below(hierarchy, item, fitting)
    while rows:
        row = rows.pop(0)
        rows = row.children + rows
        below += [slicer.mrmlScene.GetNodeByID(row.node_id)] if row.node_id else []
    return below


def dicom_nodes() -> list[tuple[str, tuple[str, ...]]]:
    """Return name and SOP Instance UIDs of every node that was loaded from DICOM."""
    named_uids = [(node.GetName(), instance_uids_of(node)) for node in convertible_nodes()]
    return [(name, uids) for name, uids in named_uids if uids]


def identity_of_node(node: Any) -> dict[str, str]:
    """Return patient and study of a node, as the subject hierarchy specifies them: keyword → value."""
    hierarchy = _hierarchy()
    item = hierarchy.GetItemByDataNode(node)
    identity = {}
    for level, keywords in ((PATIENT, OF_PATIENT), (STUDY, OF_STUDY)):
        above = hierarchy.GetItemAncestorAtLevel(item, level) if item else 0
        for keyword in keywords if above else ():
            value = readable(hierarchy.GetItemAttribute(above, "DICOM." + keyword) or "")
            if value and not is_placeholder(keyword, value):
                identity[keyword] = value
    return identity


def is_placeholder(keyword: str, value: str) -> bool:
    """Return whether Slicer's DICOM loader shows a text because the original has no value (DICOMPlugin.py)."""
    return PLACEHOLDERS.get(keyword) == value or (keyword == "PatientID" and value.startswith(GENERATED_ID))


def node_of_series(uid: str) -> Any:
    """Return the volume of a series that is loaded; None if none is."""
    hierarchy = _hierarchy()
    item = hierarchy.GetItemByUID(slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMUIDName(), uid)
    node = hierarchy.GetItemDataNode(item) if item else None
    return node if node is not None and node.IsA(VOLUME) else None


def referenced_uids(node: Any) -> tuple[str, ...]:
    """Return the SOP Instance UIDs that Slicer's DICOM loader has recorded as references of a node."""
    hierarchy = _hierarchy()
    item = hierarchy.GetItemByDataNode(node)
    text = hierarchy.GetItemAttribute(item, "DICOM.ReferencedInstanceUIDs") if item else ""
    return tuple((text or "").split())


def study_of(node: Any) -> str:
    """Return the Study Instance UID of the study that a node is in; empty if it is in none."""
    return identity_of_node(node).get("StudyInstanceUID", "")


def series_value(node: Any, keyword: str) -> str:
    """Return an attribute of the series that the subject hierarchy has for a node; empty if it is not set."""
    hierarchy = _hierarchy()
    item = hierarchy.GetItemByDataNode(node)
    return str(hierarchy.GetItemAttribute(item, "DICOM." + keyword)) if item else ""


def place(node: Any, identity: Mapping[str, str]) -> None:
    """Put a node under its patient and study, made when missing, as Slicer's DICOM loader does.

    Parameters
    ----------
    node : vtkMRMLNode
        What was loaded.
    identity : mapping of str to str
        Keyword → value; nothing is done without a StudyInstanceUID.
    """
    if not identity.get("StudyInstanceUID"):
        return
    hierarchy = _hierarchy()
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
    hierarchy.SetItemUID(item, constants.GetDICOMUIDName(), identity.get("SeriesInstanceUID", ""))
    hierarchy.SetItemUID(item, constants.GetDICOMInstanceUIDName(), " ".join(instance_uids_of(node)))
    _set_attributes(hierarchy, item, identity, OF_SERIES)
    hierarchy.SetItemParent(item, _study(hierarchy, identity))


def put_next_to(node: Any, other: Any) -> None:
    """Put a node where another one is: into its study, or its folder."""
    hierarchy = _hierarchy()
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), hierarchy.GetItemParent(hierarchy.GetItemByDataNode(other)))


def _hierarchy() -> Any:
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)


def _branches_below(hierarchy: Any, item: int, nodes: dict[str, Any]) -> list[Branch]:
    """Return the rows below an item, and take what was found out of the nodes."""
    import vtk

    ids = vtk.vtkIdList()
    hierarchy.GetItemChildren(item, ids)
    branches = []
    for number in range(ids.GetNumberOfIds()):
        child = ids.GetId(number)
        data = hierarchy.GetItemDataNode(child)
        node = nodes.pop(data.GetID(), None) if data is not None else None
        below = _branches_below(hierarchy, child, nodes)
        if node is not None:
            branches.append(_leaf(node, below))
        elif below and data is None:
            branches.append(Branch(hierarchy.GetItemName(child), hierarchy.GetItemLevel(child).lower(), children=below))
        else:
            branches += below
    return branches


def _leaf(node: Any, children: list[Branch] | None = None) -> Branch:
    return Branch(node.GetName(), node_type(node), node.GetID(), children or [])


def _patient(hierarchy: Any, identity: Mapping[str, str]) -> int:
    """Return the item of a patient, made where it is missing; people who share a PatientID have an item each."""
    known = identity.get("PatientID") or identity["StudyInstanceUID"]
    item, key = _item_of_person(hierarchy, known, identity, lambda patient: patient)
    if item:
        _complete(hierarchy, item, identity)
        return item
    name = identity.get("PatientName") or known
    item = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), f"{name} ({known})")
    hierarchy.SetItemUID(item, slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMUIDName(), key)
    _set_attributes(hierarchy, item, identity, OF_PATIENT)
    return int(item)


def _item_of_person(
    hierarchy: Any, known: str, identity: Mapping[str, str], patient_of: Callable[[int], int]
) -> tuple[int, str]:
    """Return the item with a UID that can be of a person, or 0, and its UID; those of other people are numbered."""
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMUIDName()
    number, key = 1, known
    while item := hierarchy.GetItemByUID(name, key):
        patient = patient_of(item)
        if not patient or may_be_same_person(_stated(hierarchy, patient), identity):
            break
        number += 1
        key = f"{known} ({number})"
    return int(item), key


def _stated(hierarchy: Any, patient: int) -> dict[str, str]:
    """Return what the item of a patient states: what is exported from below it gets these values."""
    values = {keyword: readable(hierarchy.GetItemAttribute(patient, "DICOM." + keyword) or "") for keyword in OF_PATIENT}
    return {keyword: value for keyword, value in values.items() if value and not is_placeholder(keyword, value)}


def _complete(hierarchy: Any, patient: int, identity: Mapping[str, str]) -> None:
    """Add what is known now of a patient, so that no one whom it excludes shares the item later."""
    missing = [keyword for keyword in OF_PERSON if identity.get(keyword) and keyword not in _stated(hierarchy, patient)]
    _set_attributes(hierarchy, patient, identity, tuple(missing))


def _study(hierarchy: Any, identity: Mapping[str, str]) -> int:
    """Return the item of a study, made where it is missing, with that of its patient."""
    known = identity["StudyInstanceUID"]
    item, key = _item_of_person(hierarchy, known, identity, lambda study: int(hierarchy.GetItemAncestorAtLevel(study, PATIENT)))
    if item:
        patient = hierarchy.GetItemAncestorAtLevel(item, PATIENT)
        if patient:
            _complete(hierarchy, patient, identity)
        return item
    name, date = identity.get("StudyDescription") or "No study description", identity.get("StudyDate")
    item = hierarchy.CreateStudyItem(_patient(hierarchy, identity), f"{name} ({date})" if date else name)
    hierarchy.SetItemUID(item, slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMUIDName(), key)
    _set_attributes(hierarchy, item, identity, OF_STUDY)
    return int(item)


def _set_attributes(hierarchy: Any, item: int, identity: Mapping[str, str], keywords: tuple[str, ...]) -> None:
    for keyword in keywords:
        hierarchy.SetItemAttribute(item, "DICOM." + keyword, identity.get(keyword, ""))
