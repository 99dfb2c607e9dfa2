"""What dated events did: tests, explanations, counterfactuals, the next image, monitoring."""
