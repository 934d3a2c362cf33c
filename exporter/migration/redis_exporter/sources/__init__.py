"""Where a redis_exporter is started: files of those who start it."""

from exporter.migration.redis_exporter.sources.command_line import read_words
from exporter.migration.redis_exporter.sources.environment_file import read_environment_file
from exporter.migration.redis_exporter.sources.files import read_source

__all__ = ["read_environment_file", "read_source", "read_words"]
