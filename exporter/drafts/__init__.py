"""Configuration files that commands write for a user to keep: what is in them, and how they come to disk."""

from exporter.drafts.draft import Draft
from exporter.drafts.writing import begins_with, require_none, write_draft
from exporter.drafts.yaml_text import Commented, Suggestion, to_yaml

__all__ = ["Commented", "Draft", "Suggestion", "begins_with", "require_none", "to_yaml", "write_draft"]
