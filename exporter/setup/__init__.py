"""The files with which a daemon begins, made of what a survey has found."""

from exporter.setup.alertmanager_file import alertmanager_file
from exporter.setup.draft import Options, first_draft
from exporter.setup.permissions import acl_line
from exporter.setup.web_file import generate_password, web_file

__all__ = ["Options", "acl_line", "alertmanager_file", "first_draft", "generate_password", "web_file"]
