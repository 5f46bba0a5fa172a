"""Stand-in for ``SubjectHierarchyPlugins``."""


class AbstractScriptedSubjectHierarchyPlugin:
    """What plugins in Python derive from."""

    filePath = ""  # noqa: N815 - as in Slicer

    def __init__(self, scriptedPlugin):
        self.scriptedPlugin = scriptedPlugin
