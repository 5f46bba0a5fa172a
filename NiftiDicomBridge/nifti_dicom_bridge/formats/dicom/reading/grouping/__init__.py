"""Files → series: which files were found, and which belong together."""
