"""Sentences of a report, one file a subject."""
