"""The volumes of one image in the order of their times."""
