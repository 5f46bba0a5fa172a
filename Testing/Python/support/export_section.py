"""What tests read of the section *Export to NIfTI*."""

from support.panel_helpers import shown


def hint(panel):
    return shown(panel.exporting.feedback.hint)


def outcome(panel):
    return shown(panel.exporting.feedback.result)
