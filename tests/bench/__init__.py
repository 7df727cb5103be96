"""Figures and ratios, never a timed test: `make bench`."""
