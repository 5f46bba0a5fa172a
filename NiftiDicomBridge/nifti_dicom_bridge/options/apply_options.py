"""What can be chosen when a command or a function is applied to DICOM series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from .choice_fields import Choice
from .fields import Checked, Field, Flag, Text
from .value_fields import OptionalLimit, Texts, WholeNumber

MOST_JOBS = 256


class Per(StrEnum):
    """How often a command runs.

    Examples
    --------
    >>> from nifti_dicom_bridge import Per
    >>> list(Per)
    [<Per.AUTO: 'auto'>, <Per.VOLUME: 'volume'>, <Per.STUDY: 'study'>]
    """

    AUTO = "auto"
    """Once per study if the command contains ``{inputs}`` or ``{input1}``, else once per volume."""
    VOLUME = "volume"
    """Once for each volume."""
    STUDY = "study"
    """Once for all selected volumes of a study."""


class Environment(Field[Mapping[str, str] | None, dict[str, str] | None]):
    """Environment variables and their values."""

    def checked(self, value: Any) -> dict[str, str] | None:
        """Return the variables; None for those of this process."""
        if value is None:
            return None
        if not isinstance(value, Mapping) or not all(isinstance(text, str) for pair in value.items() for text in pair):
            raise self.refused(value, "Expected names of environment variables and their values, as text.")
        return dict(value)


@dataclass(frozen=True, repr=False)
class ApplyOptions(Checked):
    """How a command or a function is applied to DICOM series.

    Attributes
    ----------
    select : tuple of str
        Which series, such as ``"Modality=MR,SeriesDescription=*T1*"``: keywords and patterns, all of which must match. With
        several, a series that matches any of them is selected; their order is that of ``{inputs}``.
    per : Per
        How often the command runs.
    take : tuple of str
        Patterns of the files to use of those that the command writes, relative to ``{output_dir}``; by default all NIfTI files.
    input_name : str
        File name of ``{input}`` without suffix; ``{number}`` in it is the number of the volume in its run, from 0000, and
        ``{name}`` the name of the series.
    shell : bool
        Run the command by the shell.
    timeout : float, optional
        Seconds after which a command is stopped.
    jobs : int
        How many commands run at the same time.
    environment : dict of str to str, optional
        All environment variables of the command; by default those of this process.
    arrays : bool
        The function takes a NumPy array (columns, rows, slices[, times]) in place of a nibabel image.

    Raises
    ------
    OptionError
        If a value is not valid, or an option does not exist.

    Examples
    --------
    >>> from nifti_dicom_bridge import ApplyOptions
    >>> ApplyOptions(select="Modality=CT", jobs=2)
    ApplyOptions(select=('Modality=CT',), jobs=2)
    """

    PREFIX: ClassVar[str] = ""

    select: Texts = Texts()
    per: Choice[Per] = Choice(Per.AUTO)
    take: Texts = Texts()
    input_name: Text = Text("{name}")
    shell: Flag = Flag(False)
    timeout: OptionalLimit = OptionalLimit(None)
    jobs: WholeNumber = WholeNumber(1, least=1, most=MOST_JOBS)
    environment: Environment = Environment(None)
    arrays: Flag = Flag(False)
