"""Reads and runs scripts in the test language of the Prometheus project (promql/promqltest)."""
