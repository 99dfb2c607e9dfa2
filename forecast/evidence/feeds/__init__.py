"""Layouts of feeds, one file each."""
