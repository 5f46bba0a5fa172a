"""Memory, its limits, other processes, and what is reported of a failure."""
