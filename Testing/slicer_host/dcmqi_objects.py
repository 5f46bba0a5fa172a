"""Slicer's loaders of Segmentation and Parametric Map objects: dcmqi's programs and what is made of their files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import slicer

from .dicom_plugin import DICOMLoadable, DICOMPlugin

PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
PROPERTY, REGION = "SegmentedProperty", "AnatomicRegion"
CODES = (f"{PROPERTY}CategoryCodeSequence", f"{PROPERTY}TypeCodeSequence", f"{PROPERTY}TypeModifierCodeSequence",
         f"{REGION}Sequence", f"{REGION}ModifierSequence")  # fmt: skip
PARTS = ("CodingSchemeDesignator", "CodeValue", "CodeMeaning")


def program(name):
    """Return where a program of dcmqi is; empty where it is not installed."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name) or ""


class _OfDcmqi(DICOMPlugin):
    """What reads one object with a program of dcmqi."""

    program = ""

    def wants(self, path):
        """Whether this plugin loads a file."""
        return False

    def examineFiles(self, files):
        """Return a loadable for every object."""
        value = slicer.dicomDatabase.fileValue
        found = []
        for path in files if program(self.program) else ():
            if self.wants(path):
                loadable = DICOMLoadable()
                loadable.files, loadable.confidence, loadable.selected = [path], 0.95, True
                loadable.name, loadable.uid = value(path, "0008,103e") or "Unknown", value(path, "0008,0018")
                found.append(loadable)
        return found

    def run(self, loadable, folder, *options):
        """Run the program; returns its description of the object, None where it fails."""
        command = [program(self.program), "--inputDICOM", loadable.files[0], "--outputDirectory", folder, *options]
        if subprocess.run(command, capture_output=True, text=True, check=False).returncode:
            return None
        return json.loads(Path(folder, "meta.json").read_text("utf-8"))


class ParametricMaps(_OfDcmqi):
    """DICOMParametricMapPlugin."""

    program = "paramap2itkimage"

    def wants(self, path):
        """Whether a file is a Parametric Map."""
        return slicer.dicomDatabase.fileValue(path, "0008,0016") == PARAMETRIC_MAP

    def load(self, loadable):
        """Load into the scene."""
        with tempfile.TemporaryDirectory() as folder:
            if self.run(loadable, folder) is None:
                return False
            node = _volume(Path(folder, "pmap.nrrd"), "vtkMRMLScalarVolumeNode", loadable.name)
        node.SetAttribute("DICOM.instanceUIDs", loadable.uid)
        self.addSeriesInSubjectHierarchy(loadable, node)
        return True


class Segmentations(_OfDcmqi):
    """DICOMSegmentationPlugin."""

    program = "segimage2itkimage"

    def wants(self, path):
        """Whether a file is a Segmentation."""
        return slicer.dicomDatabase.fileValue(path, "0008,0060") == "SEG"

    def load(self, loadable):
        """Load into the scene."""
        with tempfile.TemporaryDirectory() as folder:
            stated = self.run(loadable, folder, "--mergeSegments")
            if stated is None:
                return False
            node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", loadable.name)
            node.CreateDefaultDisplayNodes()
            for number, segments in enumerate(stated["segmentAttributes"], start=1):
                labels = _volume(Path(folder, f"{number}.nrrd"), "vtkMRMLLabelMapVolumeNode", "labels")
                _import(node, labels, [segment for segment in segments if segment.get("labelID", 1)])
        self.addSeriesInSubjectHierarchy(loadable, node)
        node.SetAttribute("DICOM.instanceUIDs", loadable.uid)
        return True


def _volume(path, kind, name):
    node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    storage.SetSingleFile(1)
    storage.ReadData(node)
    return node


def _import(node, labels, segments):
    segmentation = node.GetSegmentation()
    before = segmentation.GetNumberOfSegments()
    imported = slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
    slicer.mrmlScene.RemoveNode(labels)
    for number, stated in enumerate(segments if imported else ()):
        if before + number < segmentation.GetNumberOfSegments():
            _describe(segmentation.GetNthSegment(before + number), stated)


def _describe(segment, stated):
    segment.SetName(stated["SegmentLabel"] or stated["SegmentDescription"])
    segment.SetTag("Description", stated["SegmentDescription"])
    segment.SetColor(*(part / 255 for part in stated.get("recommendedDisplayRGBValue", (150, 150, 0))))
    codes = ["^".join(stated.get(name, {}).get(part, "") for part in PARTS) for name in CODES]
    entry = "~".join(["Segmentation category and type - DICOM master list", *codes[:3], "Anatomic codes - DICOM master list",
                      *codes[3:]])  # fmt: skip
    segment.SetTag(segment.GetTerminologyEntryTagName(), entry)
    for keyword in ("SegmentAlgorithmName", "SegmentAlgorithmType"):
        if keyword in stated:
            segment.SetTag("DICOM." + keyword, stated[keyword])
