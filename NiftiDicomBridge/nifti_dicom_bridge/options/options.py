"""Every choice of a conversion, checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from .algorithm import AlgorithmText
from .choice_fields import Choice, ChoiceSet
from .choices import (
    MOST_JOBS,
    MOST_LEVELS,
    Clean,
    Compression,
    Kind,
    Layout,
    Names,
    Resample,
    Retain,
    RoiForm,
    SegmentationForm,
    SlicePlane,
    Target,
    Uids,
    WindowChoice,
)
from .fields import Checked, Field, Flag, Key, OptionalFlag, Text
from .path_fields import OnePathOrMore, OptionalPath, as_tuple
from .value_fields import Attributes, Mosaic, OptionalLimit, OptionalNumber, Texts, WholeNumber, Window


@dataclass(frozen=True, repr=False)
class PreviewOptions(Checked):
    """How pictures are made.

    Attributes
    ----------
    window : WindowChoice or (center, width)
        Which values are displayed.
    eight_bit : bool
        PNG of 8 bits for grayscale images, too, instead of 16.
    fps : float, optional
        Pictures per second of GIF and MP4, above 0 and up to 1000. By default the rate of a cine, 10 of other images.
    gif, mp4 : bool
        Write them, if there is more than one picture.
    mosaic : int, optional
        Write a mosaic: 0 or ``"planes"`` of the three middle planes, else of that many slices.
    overlay : pathlib.Path, optional
        A label map to draw on the pictures: DICOM SEG, RT Structure Set of the inputs, or NIfTI.
    letters : bool, optional
        Write R, L, A, P, S, I at the edges. By default on all pictures but plain PNG.
    all_slices : bool
        Write a PNG of every slice.

    Raises
    ------
    OptionError
        If a value is not valid, or an option does not exist.

    Examples
    --------
    >>> from nifti_dicom_bridge import PreviewOptions
    >>> PreviewOptions(window="40,400", mosaic="planes").window
    (40.0, 400.0)
    """

    PREFIX: ClassVar[str] = "preview."

    window: Window = Window(WindowChoice.FILE)
    eight_bit: Flag = Flag(False)
    fps: OptionalNumber = OptionalNumber(above=0, to=1000)
    gif: Flag = Flag(True)
    mp4: Flag = Flag(True)
    mosaic: Mosaic = Mosaic(None)
    overlay: OptionalPath = OptionalPath()
    letters: OptionalFlag = OptionalFlag(None)
    all_slices: Flag = Flag(False)


class _Preview(Field["PreviewOptions | Mapping[str, Any]", PreviewOptions]):
    """Options of pictures, or a mapping of them."""

    def checked(self, value: Any) -> PreviewOptions:
        """Return the options."""
        if isinstance(value, Mapping):
            return PreviewOptions(**value)
        if not isinstance(value, PreviewOptions):
            raise self.refused(value, "Expected PreviewOptions.")
        return value


@dataclass(frozen=True, repr=False)
class FileOptions(Checked):
    """Choices for one input file, in place of those of the conversion.

    Attributes
    ----------
    kind : Kind
        The kind of DICOM object to create.
    reference : pathlib.Path, optional
        A DICOM series in the same frame of reference; also a list of several.
    set_values : dict of str to str
        DICOM keyword → value.
    allow_no_overlap : bool
        As in `ConversionOptions`, for this file.

    Examples
    --------
    >>> from nifti_dicom_bridge import FileOptions
    >>> FileOptions(kind="seg", reference="scans")
    FileOptions(kind='seg', reference='scans')
    """

    kind: Choice[Kind] = Choice(Kind.AUTO)
    reference: OnePathOrMore = OnePathOrMore()
    set_values: Attributes = Attributes()
    allow_no_overlap: Flag = Flag(False)


class _PerFile(Field["Mapping[str | Path, FileOptions]", "dict[Path, FileOptions]"]):
    """Files and the choices for each."""

    def __init__(self) -> None:
        super().__init__(())  # type: ignore[arg-type]  # a dataclass refuses a dict as a default

    def checked(self, value: Any) -> dict[Path, FileOptions]:
        """Return paths and choices."""
        if value == ():
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(own, FileOptions) for own in value.values()):
            raise self.refused(value, "Expected input files and the FileOptions of each.")
        return {Path(path): own for path, own in value.items()}


@dataclass(repr=False)
class ConversionOptions(Checked):
    """All choices of one conversion.

    Each accepts the member of its enum or the string of it, and every path may be a string. A value that is not valid, or an
    option that does not exist, is refused at once; options that contradict each other are refused by `check_options`, which
    every conversion calls first.

    Attributes
    ----------
    target : Target
        The format to write.
    uids : Uids
        ``NEW``: new Series and SOP Instance UIDs, everything else restored. ``KEEP``: the very same instances. Edited
        images always get new ones.
    names : Names
        ``NUMBERED``: a folder per series, files ``000001.dcm``… ``ORIGINAL``: the original relative paths.
    compress : Compression
        How the pixels of DICOM files are compressed, without loss.
    send : str
        Archive to which the DICOM files are sent: ``dicomweb:https://host/path`` or ``pacs:AETITLE@host:port``.
    archive_settings : pathlib.Path, optional
        TOML file with credentials, certificates and time limits of archives; see docs/archive.md.
    gzip : bool
        ``.nii.gz`` instead of ``.nii``.
    overwrite : bool
        Replace outputs that exist. Without it an existing output is an error and stays untouched.
    skip_existing : bool
        Skip images whose outputs exist, so that a conversion that was interrupted is completed. Images of another series are
        an error.
    set_values : dict of str to str
        DICOM keyword → value; wins over the sidecar and over the recorded value.
    series, study, patient, modality : tuple of str
        Convert only images that match. Each is one pattern or several, of which one must match, with ``*`` and ``?``, whatever
        the case: `series` for SeriesInstanceUID, number, description or ProtocolName (and the name of a NIfTI file), `study`
        for StudyInstanceUID, StudyID, date, description or AccessionNumber, `patient` for PatientID or PatientName.
    filename : str
        Names of images, such as ``{patient}/{study_date}_{study}/{series:03}_{description}``, or with the codes of dcm2niix;
        docs/command-line.md lists the fields. By default series number and description, in a folder per patient if there are
        several.
    layout : Layout
        How NIfTI files are named and arranged.
    bids_map : pathlib.Path, optional
        JSON or TOML that specifies what each series is in BIDS; wins over the built-in rules.
    resample : frozenset of Resample
        ``TILT``, ``SPACING``: also write a resampled image for each that needs it, for NIfTI. ``SHEAR``: for DICOM, make rows
        and columns perpendicular where they are not.
    kind : Kind
        The kind of DICOM object to create.
    plane : SlicePlane
        Which axis becomes the slices of a new DICOM series, or the plane of pictures.
    reference : pathlib.Path or tuple of pathlib.Path, optional
        DICOM series in the same frame of reference; patient and study are copied from it, and the acquisition if the grid is
        the same. Of several, each image takes the one with its grid, then the one with its name. For NIfTI and Zarr: the series
        on whose grid RT Structure Sets are drawn.
    allow_no_overlap : bool
        Also use a reference that the image does not overlap, for patient and study only.
    same_space : bool
        Take different frames of reference for one space: RT Structure Sets and Segmentations are put on the series.
    study_from : pathlib.Path, optional
        DICOM of the same study; patient and study are copied from it.
    sidecar : pathlib.Path, optional
        The BIDS sidecar, if it is not next to the image.
    metadata : pathlib.Path, optional
        JSON or TOML with DICOM keywords and values; `set_values` wins.
    labels : pathlib.Path, optional
        Names, codes and colors of the labels of a label map: a file, or the name of a profile such as ``freesurfer`` or
        ``totalsegmentator:total``; docs/labels.md lists them.
    algorithm : str
        ``NAME[:VERSION[:FAMILY]]`` of what made a segmentation automatically, such as ``nnU-Net:2.5:AI``; the family is one of
        `options.algorithm.FAMILIES` (CID 7162).
    segmentation : SegmentationForm
        How segments are stored.
    rois : RoiForm
        What the regions of an RT Structure Set become: label maps, or one mask each.
    max_error : float, optional
        Largest difference that rounding to 16 bits may make, in the units of the image.
    shards : bool
        Zarr: many chunks in one file, for object stores.
    zip_store : bool
        Zarr: each store is one file, ``NAME.zarr.zip``.
    pyramid : int
        Zarr: number of coarser levels to write, each with half of the voxels along its axes; 0 to 16.
    preview : PreviewOptions
        How pictures are made.
    deidentify : bool
        Remove identifying metadata and file names (PS3.15 Basic Profile); the pixels are not changed.
    deidentify_key : str
        Secret of at least 16 bytes: UIDs, pseudonyms and dates of conversions with the same key stay linked. By default the
        content of `key_file` or of the environment variable ``NIFTI_DICOM_BRIDGE_KEY``, else a random key for each conversion.
    key_file : pathlib.Path, optional
        File that contains the key.
    retain : frozenset of Retain
        What de-identification keeps beyond the basic profile.
    clean : frozenset of Clean
        What de-identification cleans in place of removing it.
    pseudonyms : pathlib.Path, optional
        CSV file with the columns PatientID and Pseudonym; ``keyed`` for pseudonyms computed from key and PatientID. By default
        PatientID and PatientName are emptied.
    deidentify_rules : pathlib.Path, optional
        TOML with attributes to keep, remove, empty or replace; wins over the profile and its options.
    subject, session, task : str
        BIDS: label of the subject (for input of one patient), of the session, and of the task of functional images.
    run : str
        BIDS: number of the run, for input of one run.
    bids_keys : pathlib.Path, optional
        BIDS: JSON or TOML with keys of sidecars that the DICOM does not contain, by datatype.
    bids_derivative : str
        BIDS: name of the folder below ``derivatives`` that segmentations and other results go to.
    identity : bool
        Write PatientName, PatientBirthDate and InstitutionAddress as keys of a flat sidecar, too, as dcm2niix does with
        ``-ba n``; its record contains them in any case. The sidecars of a BIDS dataset never have them.
    record : bool
        Write the lossless record. Without it, the sidecar has BIDS keys only and the DICOM cannot be restored.
    follow_links : bool
        Also follow links to folders outside of the inputs; links to files are always followed.
    verify : bool
        Read every output again and compare it with what was to be written before it is put in place. In any case, this is done
        for the bytes of DICOM files and the attributes of one file of each structure, and for the record of Zarr stores.
    size_limit : float, optional
        Largest image or decompressed data set, in GB. By default, an image may need all of the memory, and data sets may be
        compressed 100 : 1.
    jobs : int
        Images to convert at the same time, each in a process of its own; 0 for as many as there are processors. Files,
        names and report are the same whatever the number. Where processes do not start as copies (Windows, macOS), a script
        that asks for several needs ``if __name__ == "__main__":``.
    per_file : dict of pathlib.Path to FileOptions
        Input file → its own `kind`, `reference` and `set_values`, for conversion to DICOM.

    Raises
    ------
    OptionError
        If a value is not valid, or an option does not exist.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> options = ConversionOptions(target="dicom", uids="keep", reference="scans")
    >>> options.uids, options.reference
    (<Uids.KEEP: 'keep'>, PosixPath('scans'))
    >>> ConversionOptions(uids="kep")
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.OptionError: uids: 'kep' is not valid. Expected one of: new, keep. Did you mean keep?
    """

    target: Choice[Target] = Choice(Target.NIFTI)
    uids: Choice[Uids] = Choice(Uids.NEW)
    names: Choice[Names] = Choice(Names.NUMBERED)
    compress: Choice[Compression] = Choice(Compression.NATIVE)
    send: Text = Text("")
    archive_settings: OptionalPath = OptionalPath()
    gzip: Flag = Flag(True)
    overwrite: Flag = Flag(False)
    skip_existing: Flag = Flag(False)
    set_values: Attributes = Attributes()
    series: Texts = Texts()
    study: Texts = Texts()
    patient: Texts = Texts()
    modality: Texts = Texts()
    filename: Text = Text("")
    layout: Choice[Layout] = Choice(Layout.FLAT)
    bids_map: OptionalPath = OptionalPath()
    resample: ChoiceSet[Resample] = ChoiceSet(Resample)
    kind: Choice[Kind] = Choice(Kind.AUTO)
    plane: Choice[SlicePlane] = Choice(SlicePlane.AUTO)
    reference: OnePathOrMore = OnePathOrMore()
    allow_no_overlap: Flag = Flag(False)
    same_space: Flag = Flag(False)
    study_from: OptionalPath = OptionalPath()
    sidecar: OptionalPath = OptionalPath()
    metadata: OptionalPath = OptionalPath()
    labels: OptionalPath = OptionalPath()
    algorithm: AlgorithmText = AlgorithmText("")
    segmentation: Choice[SegmentationForm] = Choice(SegmentationForm.AUTO)
    rois: Choice[RoiForm] = Choice(RoiForm.LABELMAP)
    max_error: OptionalLimit = OptionalLimit(None)
    shards: Flag = Flag(False)
    zip_store: Flag = Flag(False)
    pyramid: WholeNumber = WholeNumber(0, least=0, most=MOST_LEVELS)
    preview: _Preview = _Preview(PreviewOptions())
    deidentify: Flag = Flag(False)
    deidentify_key: Key = Key("")
    key_file: OptionalPath = OptionalPath()
    retain: ChoiceSet[Retain] = ChoiceSet(Retain)
    clean: ChoiceSet[Clean] = ChoiceSet(Clean)
    pseudonyms: OptionalPath = OptionalPath()
    deidentify_rules: OptionalPath = OptionalPath()
    subject: Text = Text("")
    session: Text = Text("")
    task: Text = Text("")
    run: Text = Text("")
    bids_keys: OptionalPath = OptionalPath()
    bids_derivative: Text = Text("")
    identity: Flag = Flag(False)
    record: Flag = Flag(True)
    follow_links: Flag = Flag(False)
    size_limit: OptionalLimit = OptionalLimit(None)
    verify: Flag = Flag(False)
    jobs: WholeNumber = WholeNumber(1, least=0, most=MOST_JOBS)
    per_file: _PerFile = _PerFile()

    @property
    def references(self) -> tuple[Path, ...]:
        """All paths of `reference`."""
        return as_tuple(self.reference)

    def for_cleaned_images(self) -> ConversionOptions:
        """Return the options for images that have been de-identified already."""
        own = ("deidentify", "deidentify_key", "key_file", "retain", "clean", "pseudonyms", "deidentify_rules")
        return replace(self, **{name: getattr(type(self), name) for name in own})

    def for_file(self, path: Path) -> ConversionOptions:
        """Return the options of one input file."""
        own = self.per_file.get(path)
        if own is None:
            return self
        allowed = self.allow_no_overlap or own.allow_no_overlap
        return replace(self, kind=own.kind, reference=own.reference, set_values=own.set_values, allow_no_overlap=allowed)
