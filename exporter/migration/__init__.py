"""Conversions of other tools' configuration into ours: one module or package per tool, text in, draft out."""
