"""The files of the outputs: their names, what is there already, and how they are written and checked."""
