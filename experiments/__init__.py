"""Experiments that ship: one YAML each, its evidence in a folder of the same name."""
