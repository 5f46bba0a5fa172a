"""RT Structure Sets (PS3.3 A.19): label maps ⇄ contours."""

from ....model import metadata
from ....model.metadata import Instance
from ....standard.sop_classes import STRUCTURE_SET
from ....standard.tags import Tag


def is_structure_set(instance: Instance) -> bool:
    """Whether an instance is an RT Structure Set."""
    return metadata.text(instance.elements, Tag.SOP_CLASS_UID) == STRUCTURE_SET
