"""The files with which a daemon begins, made of what a survey has found."""

from exporter.setup.draft import Options, first_draft
from exporter.setup.permissions import acl_line
from exporter.setup.web_file import check_password, generate_password

__all__ = ["Options", "acl_line", "check_password", "first_draft", "generate_password"]
