"""Forecasters, one file each; the names are those of `conf/models/`."""
