"""The header User-Agent: how the daemon calls itself in every request."""

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version


@lru_cache(1)
def user_agent() -> str:
    """Name and version."""
    try:
        return f"redis-vigil/{version('redis-vigil')}"
    except PackageNotFoundError:
        return "redis-vigil"
