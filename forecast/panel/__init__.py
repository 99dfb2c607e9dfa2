"""Many series through one question: what changed, which events fit, what comes next."""
