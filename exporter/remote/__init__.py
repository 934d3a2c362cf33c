"""Samples out to others, in Prometheus' own protocols."""
