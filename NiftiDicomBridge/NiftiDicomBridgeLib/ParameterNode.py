"""What the panel stores in the scene."""

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
        The format to export to: NIfTI in one folder ``flat``, a BIDS dataset ``bids``, ``zarr`` or ``preview``.
    folder : str
        Folder for the export; empty if none was chosen. (A Path cannot be empty: it would become ".".)
    gzip : bool
        Write ``.nii.gz`` instead of ``.nii``.
    harden : bool
        Resample images under nonlinear transforms.
    deidentify : bool
        Remove identifying metadata and file names.
    overwrite : bool
        Replace existing files of an export.
    sameSpace, sameSpaceDicom : bool
        Take all frames of reference for one space, in an export and in a conversion to DICOM.
    options, dicomOptions : str
        Other options of an export and of a conversion to DICOM, as text (see `OtherOptions`).
    niftiFiles : list of pathlib.Path
        The files to convert to DICOM.
    fileChoices : str
        Kind, reference and values of single files, as JSON: path → ``{"kind", "reference", "values"}``. A reference is
        ``series:UID``, ``folder:PATH``, or empty.
    keepUids : bool
        Restore unedited images with their original UIDs.
    toDatabase : bool
        Add DICOM files to the DICOM database.
    dicomFolder : str
        Folder for DICOM files; empty for none.
    overwriteDicom : bool
        Replace existing DICOM files in the folder.
    loadAfterwards : bool
        Load the new series into the scene.
    command, commandOptions : str
        The command to apply, and other options for its results, as text.
    """

    source: str = "scene"
    layout: str = "flat"
    folder: str = ""
    gzip: bool = True
    harden: bool = False
    deidentify: bool = False
    overwrite: bool = False
    sameSpace: bool = False
    options: str = ""
    niftiFiles: list[Path]
    fileChoices: str = ""
    keepUids: bool = False
    sameSpaceDicom: bool = False
    dicomOptions: str = ""
    toDatabase: bool = True
    dicomFolder: str = ""
    overwriteDicom: bool = False
    loadAfterwards: bool = True
    command: str = ""
    commandOptions: str = ""
