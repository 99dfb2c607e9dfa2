"""Findings said: phrases, prose, tables, figures, plots, the page."""
