"""Entry of a receiver: the base of all models of `slack_configs`, `email_configs`, …."""

from collections.abc import Iterator
from typing import Self

from exporter.config.alertmanager.globals import Global
from exporter.config.alertmanager.http import HttpConfig
from exporter.config.alertmanager.scalars import Flag
from exporter.config.fields import Section
from exporter.errors import Problem


class ReceiverEntry(Section):
    """What the entries of all kinds of receivers have in common.

    A kind that takes defaults from `global`, or that needs them, overrides the methods.
    """

    send_resolved: Flag = True
    """Whether the end of alerts is sent too."""

    def with_globals(self, defaults: Global) -> Self:
        """Return the entry with everything filled in that only `global` says."""
        return self

    def find_incomplete(self, defaults: Global) -> Iterator[Problem]:
        """Yield what is missing although `global` was filled in; places are relative to the entry."""
        yield from ()


class HttpReceiverEntry(ReceiverEntry):
    """An entry that is sent to by HTTP: `http_config` comes from `global` where it is not written."""

    http_config: HttpConfig | None = None
    """How the request is made; the global one where it is not written."""

    def with_globals(self, defaults: Global) -> Self:
        """Return the entry with an `http_config`."""
        if self.http_config is not None:
            return self
        return self.model_copy(update={"http_config": defaults.http_config})
