"""Layouts of feeds, one file each: where statements come from."""
