"""What receivers of kinds have in common that are read, checked and routed to, and not sent to."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from exporter.config.alertmanager.http import HttpConfig
from exporter.config.alertmanager.scalars import Flag
from exporter.config.fields import Section


class NotSentConfig(Section):
    """An entry of a receiver of such a kind.

    `service` is what people call it. `needs` are groups of fields, of each of which one must be written, here
    or in `global`: by their names here, the names that they have there.
    """

    service: ClassVar[str] = ""
    needs: ClassVar[Sequence[Mapping[str, str]]] = ()

    send_resolved: Flag = True
    """Whether the end of alerts is told too."""
    http_config: HttpConfig | None = None
    """How the request is made."""


def needs_one(section: Section, *names: str) -> None:
    """Raises `ValueError` where none of these fields is written."""
    if not any(getattr(section, name) for name in names):
        raise ValueError(f"needs {' or '.join(names)}")
