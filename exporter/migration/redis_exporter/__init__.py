"""redis_exporter's command line, environment and password file as a configuration.

Source of the flags: https://github.com/oliver006/redis_exporter/blob/master/main.go.
"""

from exporter.migration.redis_exporter.conversion import Migration, convert
from exporter.migration.redis_exporter.invocation import Invocation

__all__ = ["Invocation", "Migration", "convert"]
