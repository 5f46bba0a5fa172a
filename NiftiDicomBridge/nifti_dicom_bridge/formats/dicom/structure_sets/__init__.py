"""RT Structure Sets (PS3.3 A.19): label maps ⇄ contours."""

from ....model import metadata
from ....model.metadata import Instance
from ....standard.tags import Tag

STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
"""SOP Class UID of RT Structure Set Storage."""


def is_structure_set(instance: Instance) -> bool:
    """Whether an instance is an RT Structure Set."""
    return metadata.text(instance.elements, Tag.SOP_CLASS_UID) == STRUCTURE_SET
