"""BIDS datasets: what each image is called there, and the files that describe the whole.

`rules` knows the names that BIDS has, `bids_map` the table that tells which image gets which, `placing` puts both together
for all images of a job, `dataset` keeps the files at the root.
"""
