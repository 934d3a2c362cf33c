"""Readers of those lines of INFO that have labels or several values, one module per section."""
