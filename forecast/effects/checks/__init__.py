"""Robustness checks, one file each: ways of doing the analysis otherwise; a file that holds a `CHECK` is one."""
