"""Frozen data that all parts share: labels, samples, targets, alerts, matchers, durations, secrets."""
