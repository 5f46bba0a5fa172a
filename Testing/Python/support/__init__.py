"""What tests share. Inputs are generated: most by `phantoms`, next to this folder, further ones here.

=======================  =============================================================================================
to find a path           `paths` (the checkout, real cases), `symlinks`, `code_blocks` (of the documentation)
to make DICOM            `seg_objects`, `drawn_regions` (RT Structure Sets), `compressed_frames`, `timed_series`,
                         `series_of_images`, `series_files`, `incomplete_series`, `uneven_stacks`, `placed_frames`,
                         `bids_series`
to make other images     `image_files` (NRRD, MetaImage, MGH), `tool_results` (of segmentation tools), `attribute_volumes`
to convert               `round_trip` (DICOM → NIfTI → DICOM), `zarr_round_trip`, `new_objects` and `bids_to_dicom`
                         (NIfTI → DICOM), `recasting` (DICOM → another kind), `bids_datasets`, `deidentified`,
                         `profile_options`, `preview_images`, `applied_functions`, `bad_files`, `command_line`,
                         `contradicting_options`
to edit and compare      `nifti_edits`, `grids`, `report_pages`, `nonempty` (assertions about each of nothing prove nothing)
to ask other programs    `oracles` (skips or requires them), `other_readers`, `dciodvfy`, `browser` (Chromium)
to have servers          `archives` (Orthanc, DCMTK), `odd_archives`, `object_server` (S3), `dask_cluster`
to test in Slicer        `slicer_helpers`, `node_exports`, `scalar_reading` (what its loader shows), `panel_helpers`,
                         `export_section`, `import_section`
to call tools            `tool_stand_ins/`: programs that write what TotalSegmentator, FreeSurfer, … write
=======================  =============================================================================================
"""
