"""Prometheus' remote read: others ask for series and get all their samples."""
