"""Stand-ins for the base classes of Slicer's DICOM plugins."""

from __future__ import annotations

import slicer


class DICOMLoadable:
    """Files that one plugin would load together."""

    def __init__(self, qLoadable=None):
        self.files, self.name, self.tooltip, self.warning = [], "", "", ""
        self.selected, self.confidence, self.referencedInstanceUIDs = False, 0.5, []


class DICOMPlugin:
    """What every plugin derives from."""

    def __init__(self):
        self.loadType = "Generic DICOM"
        self.tags = {}

    def examineForImport(self, fileList):
        """Return the loadables of groups of files."""
        return [loadable for files in fileList for loadable in self.examineFiles(files)]

    def examineFiles(self, files):
        """Return the loadables of some files: none."""
        return []

    def examineForExport(self, subjectHierarchyItemID):
        """Return what an item can become: nothing."""
        return []

    def export(self, exportable):
        """Write; returns an error text."""
        return ""

    def load(self, loadable):
        """Load; returns a node."""
        return True

    def defaultSeriesNodeName(self, seriesUID):
        """Return what the node of a series is called."""
        database = slicer.dicomDatabase
        files = database.filesForSeries(seriesUID, 1)
        if not files:
            return "Unnamed Series"
        number, description = (database.fileValue(files[0], tag) for tag in ("0020,0011", "0008,103e"))
        name = description or f"Unnamed Series ({seriesUID})"
        return f"{number}: {name}" if number else name

    def addSeriesInSubjectHierarchy(self, loadable, dataNode):
        """Put a node under the patient and study of its files."""
        database, hierarchy = slicer.dicomDatabase, slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        value = {name: database.fileValue(loadable.files[0], tag) for name, tag in LEVELS.items()}
        value["PatientID"] = value["PatientID"] or "Patient-" + value["StudyInstanceUID"]
        value["PatientName"] = value["PatientName"] or "No name"
        value["StudyDescription"] = value["StudyDescription"] or "No study description"
        item = hierarchy.GetItemByDataNode(dataNode) or hierarchy.CreateItem(hierarchy.GetSceneItemID(), dataNode)
        hierarchy.SetItemUID(item, "DICOM", value["SeriesInstanceUID"])
        patient = hierarchy.GetItemByUID("DICOM", value["PatientID"])
        if not patient:
            patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), f"{value['PatientName']} ({value['PatientID']})")
            hierarchy.SetItemUID(patient, "DICOM", value["PatientID"])
            for name in ("PatientName", "PatientID", "PatientSex", "PatientBirthDate"):
                hierarchy.SetItemAttribute(patient, "DICOM." + name, value[name])
        study = hierarchy.GetItemByUID("DICOM", value["StudyInstanceUID"])
        if not study:
            study = hierarchy.CreateStudyItem(patient, f"{value['StudyDescription']} ({value['StudyDate']})")
            hierarchy.SetItemUID(study, "DICOM", value["StudyInstanceUID"])
            for name in ("StudyInstanceUID", "StudyID", "StudyDate", "StudyTime", "StudyDescription"):
                hierarchy.SetItemAttribute(study, "DICOM." + name, value[name])
        hierarchy.SetItemParent(item, study)


LEVELS = {
    "PatientName": "0010,0010", "PatientID": "0010,0020", "PatientSex": "0010,0040", "PatientBirthDate": "0010,0030",
    "StudyInstanceUID": "0020,000d", "StudyID": "0020,0010", "StudyDate": "0008,0020", "StudyTime": "0008,0030",
    "StudyDescription": "0008,1030", "SeriesInstanceUID": "0020,000e",
}  # fmt: skip
