"""What was observed: series, their calendar and season, simulated series."""
