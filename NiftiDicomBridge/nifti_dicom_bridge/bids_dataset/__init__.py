"""BIDS datasets: what each image is called there, and the files that describe the whole.

`naming_rules` knows the names that BIDS has, `bids_map` the table that specifies which image gets which, `paths` puts both
together for all images of a job, `dataset_files` keeps the files at the root.
"""
