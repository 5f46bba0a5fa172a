"""The Slicer side: the only place for slicer, qt and ctk.

``ParameterNode``, ``Logic``, ``Widget`` and ``SelfTest`` are imported when Slicer starts and import nothing but Slicer. The
other files and the core package are imported when there is work to do, so that a package that is not installed yet hinders
no one from starting Slicer.
"""
