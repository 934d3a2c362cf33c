"""Samples out to others: in Prometheus' own protocols, and by OTLP."""
