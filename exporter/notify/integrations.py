"""From the receivers of an alertmanager.yml to what sends their messages."""

from collections.abc import Callable, Sequence
from typing import Any

from exporter.config.alertmanager.config import AlertmanagerConfig
from exporter.config.alertmanager.receivers import Receiver


def make_integrations(config: AlertmanagerConfig) -> Callable[[Receiver], Sequence[Any]]:
    """What builds the integrations of a receiver; in progress."""

    def make(receiver: Receiver) -> Sequence[Any]:
        return ()

    return make
