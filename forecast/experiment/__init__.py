"""One experiment from its config to its findings, and the runs that were saved."""
