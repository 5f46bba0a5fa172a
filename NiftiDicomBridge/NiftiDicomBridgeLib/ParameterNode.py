"""What the panel remembers in the scene."""

from pathlib import Path

from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class NiftiDicomBridgeParameterNode:
    """The state of the panel.

    Attributes
    ----------
    source : str
        What is listed for export: ``scene`` or ``database``.
    layout : str
        What is written: NIfTI in one folder ``flat``, as a dataset ``bids``, or ``zarr``, ``preview``.
    folder : str
        Where NIfTI files go; empty when none was chosen yet. (A Path cannot be empty: it would become ".".)
    gzip : bool
        Write ``.nii.gz`` instead of ``.nii``.
    harden : bool
        Resample what lies under nonlinear transforms.
    deidentify : bool
        Leave out what tells who the patient is.
    niftiFiles : list of pathlib.Path
        What shall become DICOM.
    kind : str
        The kind of object to make.
    reference : str
        The reference: ``series:UID`` or ``folder:PATH``; empty for none.
    values : dict of str to str
        DICOM attributes that the person has entered.
    keepUids : bool
        Give unchanged images back under their own UIDs.
    toDatabase : bool
        Put DICOM into Slicer's database.
    dicomFolder : str
        Where DICOM files go as well; empty for nowhere.
    loadAfterwards : bool
        Load imported series into the scene.
    """

    source: str = "scene"
    layout: str = "flat"
    folder: str = ""
    gzip: bool = True
    harden: bool = False
    deidentify: bool = False
    niftiFiles: list[Path]
    kind: str = "auto"
    reference: str = ""
    values: dict[str, str]
    keepUids: bool = False
    toDatabase: bool = True
    dicomFolder: str = ""
    loadAfterwards: bool = True
