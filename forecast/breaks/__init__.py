"""Detectors of changes, one file each; the names are those of `conf/detectors/`."""
