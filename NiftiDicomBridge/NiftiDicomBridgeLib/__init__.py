"""The Slicer side: the only place for slicer, qt and ctk.

The files here are what Slicer itself looks for: logic, widget, file readers and writers, plugins. ``Panel`` has the sections of
the panel, ``Tasks`` what their buttons start; ``Nodes``, ``NewNodes`` and ``Originals`` are the way between MRML and volumes,
``Host`` is what Slicer is asked for, ``SelfTests`` the tests that run inside it.

``ParameterNode``, ``Logic``, ``Widget`` and ``SelfTest`` are imported when Slicer starts and import nothing but Slicer. The
other files and the core package are imported when there is work to do, so that a package that is not installed yet hinders
no one from starting Slicer.
"""
