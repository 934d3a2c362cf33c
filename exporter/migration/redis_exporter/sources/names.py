"""Names by which a redis_exporter is known among programs and images."""

import re
from typing import Final

_EXPORTER: Final = re.compile(r"redis[-_]?exporter", re.IGNORECASE)


def is_exporter(name: str) -> bool:
    """Whether a program or an image is a redis_exporter, by its name."""
    return _EXPORTER.search(name.rpartition("/")[2].partition("@")[0]) is not None
