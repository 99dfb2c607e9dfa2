"""The count regime model: levels that change, autocorrelation, overdispersion, bounds, exposure, gaps."""
