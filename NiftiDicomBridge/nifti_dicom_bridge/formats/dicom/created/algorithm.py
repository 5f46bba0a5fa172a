"""How segments were made: type, name, identification and tracking in items of SegmentSequence (PS3.3 C.8.20.4, 10.16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from ....labels import Segment
from ....model.metadata import Log
from ....options.algorithm import FAMILIES, LONGEST, Algorithm
from ....options.remedies import remedy
from ..uids import new_uid
from .derivation import code_item

_UNKNOWN = "unknown"


def with_algorithm(segments: Sequence[Segment], algorithm: Algorithm, log: Log) -> list[Segment]:
    """Return segments that all state how they were made: SegmentAlgorithmType is of Type 1.

    Segments that state it themselves keep it. The others were made by the algorithm; if the user stated that, they get a
    tracking identifier, by which reports of measurements refer to a segment.
    """
    silent = [segment for segment in segments if not segment.algorithm_type]
    if silent and not algorithm.name:
        log.notes.append(
            "the way the segments were made is not specified: SegmentAlgorithmType SEMIAUTOMATIC, 'unknown', is assumed; "
            f"{remedy('specify-algorithm')}"
        )
    if algorithm.is_stated and len(silent) < len(segments):
        log.warnings.append(
            f"{len(segments) - len(silent)} segment(s) keep the algorithm of their label file: algorithm= is for the others"
        )
    return [_completed(segment, algorithm) for segment in segments]


def _completed(segment: Segment, algorithm: Algorithm) -> Segment:
    if algorithm.is_stated and not segment.algorithm_type and not segment.tracking_uid:
        segment = replace(segment, tracking_id=segment.label, tracking_uid=new_uid())
    return replace(
        segment,
        algorithm_type=segment.algorithm_type or ("AUTOMATIC" if algorithm.name else "SEMIAUTOMATIC"),
        algorithm_name=segment.algorithm_name or algorithm.title[:LONGEST] or _UNKNOWN,
    )


def put_algorithm(item: Dataset, segment: Segment, algorithm: Algorithm) -> None:
    """Write how a segment was made into its item; highdicom requires more of it than the standard does."""
    item.SegmentAlgorithmType = segment.algorithm_type
    if segment.algorithm_type == "MANUAL":
        return
    item.SegmentAlgorithmName = segment.algorithm_name
    if made_by(segment, algorithm):
        item.SegmentationAlgorithmIdentificationSequence = Items([_identification(algorithm)])


def made_by(segment: Segment, algorithm: Algorithm) -> bool:
    """Whether a segment was made by an algorithm that can be identified."""
    return segment.algorithm_name == algorithm.title[:LONGEST] and _is_identified(algorithm)


def _is_identified(algorithm: Algorithm) -> bool:
    """Whether all that the identification of an algorithm requires is known: family, name and version are of Type 1."""
    return bool(algorithm.name and algorithm.version and algorithm.family)


def note_missing(algorithm: Algorithm, log: Log) -> None:
    """Report what is missing in the identification of an algorithm that the user stated."""
    if algorithm.is_stated and not _is_identified(algorithm):
        missing = " and ".join(word for word in ("version", "family") if not getattr(algorithm, word))
        log.notes.append(
            f"the {missing} of {algorithm.name} is not specified: SegmentationAlgorithmIdentificationSequence is left out. "
            'algorithm="NAME:VERSION:FAMILY" specifies it'
        )


def _identification(algorithm: Algorithm) -> Dataset:
    item = Dataset()
    item.AlgorithmFamilyCodeSequence = Items([code_item((FAMILIES[algorithm.family], "DCM", algorithm.family))])
    item.AlgorithmName = algorithm.name
    item.AlgorithmVersion = algorithm.version
    return item
