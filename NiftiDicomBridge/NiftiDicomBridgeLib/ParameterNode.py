"""What the panel remembers in the scene."""

from pathlib import Path

from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class NiftiDicomBridgeParameterNode:
    """The state of the panel.

    Attributes
    ----------
    folder : str
        Where NIfTI files go; empty when none was chosen yet. (A Path cannot be empty: it would become ".".)
    gzip : bool
        Write ``.nii.gz`` instead of ``.nii``.
    niftiFiles : list of pathlib.Path
        What shall become DICOM.
    keepUids : bool
        Give unchanged images back under their own UIDs.
    loadAfterwards : bool
        Load imported series into the scene.
    """

    folder: str = ""
    gzip: bool = True
    niftiFiles: list[Path]
    keepUids: bool = False
    loadAfterwards: bool = True
