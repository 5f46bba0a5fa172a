"""What tests of several folders share. Inputs are generated: series by `phantoms`, next to this folder, further ones here.

======================  ==============================================================================================
to find a path          `paths` (the checkout, real cases), `symlinks`, `code_blocks` (of the documentation)
to make DICOM           `seg_objects`, `drawn_regions` (RT Structure Sets), `timed_series`, `placed_frames`, `uneven_stacks`
to convert              `circle` (DICOM → NIfTI → DICOM), `zarr_circle`, `new_objects` and `bids_to_dicom` (NIfTI → DICOM),
                        `bids_datasets`, `preview_images`, `contradicting_options`
to edit and compare     `nifti_edits`, `grids`, `nonempty` (assertions about each of nothing prove nothing)
to ask other programs   `oracles` (skips or requires them), `other_readers`, `dciodvfy`, `browser` (Chromium)
to have servers         `archives` (Orthanc, DCMTK), `odd_archives`, `object_server` (S3), `dask_cluster`
to test in Slicer       `slicer_helpers`, `panel_helpers`, `scalar_reading` (what its loader shows)
to call tools           `tool_stand_ins/`: programs that write what TotalSegmentator, FreeSurfer, … write
======================  ==============================================================================================
"""
