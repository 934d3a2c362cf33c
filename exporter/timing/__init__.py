"""Moments of periodic work, and delays between attempts."""
