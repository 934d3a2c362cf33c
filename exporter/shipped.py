"""Shipped files come with the daemon: in the installed package, or at the top of the sources."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent


def shipped(name: str) -> Path:
    """The path of `rules`, `dashboards`, `alertmanager.yml` or `config.yml`."""
    installed = _PACKAGE / "shipped" / name
    return installed if installed.exists() else _PACKAGE.parent / name


def shipped_rules() -> Sequence[Path]:
    """The rule files that come with the daemon, by name."""
    return sorted(shipped("rules").glob("*.yml"))


def shipped_runbooks() -> Path:
    """The directory of the runbooks that the shipped rules lead to."""
    installed = _PACKAGE / "shipped" / "runbooks"
    return installed if installed.exists() else _PACKAGE.parent / "docs" / "runbooks"
