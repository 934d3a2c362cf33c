"""Entries of kinds of receivers that are read, checked and routed to, and not sent to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from exporter.config.alertmanager.entry import ReceiverEntry
from exporter.config.alertmanager.globals import Global
from exporter.config.alertmanager.http import HttpConfig
from exporter.config.fields import Section
from exporter.errors import Problem


class NotSentConfig(ReceiverEntry):
    """An entry of a receiver of such a kind.

    `service` is what people call it. `needs` are groups of fields, of each of which one must be written, here
    or in `global`: by their names here, the names that they have there.
    """

    service: ClassVar[str] = ""
    needs: ClassVar[Sequence[Mapping[str, str]]] = ()

    http_config: HttpConfig | None = None
    """How the request is made."""

    def find_incomplete(self, defaults: Global) -> Iterator[Problem]:
        """Yield the groups of fields of which neither the entry nor `global` has one."""
        for group in self.needs:
            if not any(getattr(self, own) or getattr(defaults, shared) for own, shared in group.items()):
                message = f"write {' or '.join(group)} here, or {' or '.join(group.values())} in global"
                yield Problem((), message)


def needs_one(section: Section, *names: str) -> None:
    """Raise `ValueError` where none of these fields is written."""
    if not any(getattr(section, name) for name in names):
        raise ValueError(f"needs {' or '.join(names)}")
