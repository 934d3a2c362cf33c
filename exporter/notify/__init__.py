"""Integrations: one module per kind of receiver, and the templates of notifications."""
