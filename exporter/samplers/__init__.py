"""Samplers: one module per kind of question to a server."""
