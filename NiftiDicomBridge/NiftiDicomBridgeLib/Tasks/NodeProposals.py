"""What nodes of the scene would become as DICOM: a dry run by way of temporary NIfTI files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nifti_dicom_bridge import ConversionOptions, Proposal, message_of, python_words

from ..Host.TemporaryFolders import temporary_folder
from .TemporaryNifti import in_scene, stage


def propose_nodes(logic: Any, nodes: Sequence[Any], options: ConversionOptions | None, reference: str) -> list[Proposal]:
    """Return what each node would become; see `NiftiDicomBridgeLogic.propose`. A node that fails does not stop the others."""
    proposals: list[Proposal] = []
    with temporary_folder() as folder:
        for number, node in enumerate(nodes):
            try:
                proposals += _proposals(logic, node, folder / str(number), options or ConversionOptions(), reference)
            except Exception as error:  # of one node, whatever it is
                name = node.GetName() if node is not None else "(no volume)"
                proposals.append(Proposal(Path(name), error=message_of(error, python_words) or type(error).__name__))
    return proposals


def _proposals(logic: Any, node: Any, folder: Path, options: ConversionOptions, reference: str) -> list[Proposal]:
    staged = stage([node], folder / "nifti", by_origin=not reference and options.reference is None, reference=reference)
    chosen = options if reference else staged.options(options, folder)
    task = logic.proposeTask(staged.images, chosen, reference)
    proposals = task.finish(task.work(lambda what, done, total: None))
    names = [Path(node.GetName())] if len(proposals) == 1 else [Path(proposal.path.stem) for proposal in proposals]
    return [
        replace(proposal, path=name, error=in_scene(proposal.error, proposal.path))
        for name, proposal in zip(names, proposals, strict=True)
    ]
