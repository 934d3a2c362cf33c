"""Alerting as Alertmanager does it: routing, grouping, inhibition, silences, notification log."""
