"""Archives and URLs as inputs and outputs."""
