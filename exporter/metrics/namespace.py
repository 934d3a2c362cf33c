"""Names of metrics that begin with another word than `redis_`, as redis_exporter's `--namespace` does it."""

import re
from typing import Final

DEFAULT_NAMESPACE: Final = "redis"
# Metrics of the daemon itself keep their names.
_NAME: Final = re.compile(rb"^(# (?:HELP|TYPE|UNIT) )?redis_(?!vigil_)", re.MULTILINE)


def rename(text: bytes, namespace: str) -> bytes:
    """Lines of the text format or OpenMetrics, in which names begin with the namespace."""
    if namespace == DEFAULT_NAMESPACE:
        return text
    return _NAME.sub(rb"\g<1>" + namespace.encode() + b"_", text)
