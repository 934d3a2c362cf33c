"""Where the secrets of a converted configuration stand: each in a file of its own, which config.yml names."""

import re
from typing import Final

SECRETS: Final = "secrets"
_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9_.-]+")


def secret_path(name: str) -> str:
    """The path of a file for a secret, relative to config.yml; `name` may be an address."""
    return f"{SECRETS}/{_UNUSUAL.sub('_', name).strip('._') or 'password'}"
