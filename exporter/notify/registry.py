"""Registry of the kinds of receivers that notifications are sent to."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from exporter.config.alertmanager.not_sent import NotSentConfig
from exporter.config.alertmanager.plugins import load_plugin
from exporter.config.alertmanager.receivers import Receiver
from exporter.notify import email, slack, webhook
from exporter.notify.receiver_kind import ReceiverKind

KINDS: Final[Sequence[ReceiverKind[Any]]] = (webhook.KIND, email.KIND, slack.KIND)
"""The kinds of this package, in the order of Alertmanager, in which a receiver's notifications are sent."""


def kinds_of(receiver: Receiver) -> Iterator[ReceiverKind[Any]]:
    """Yield the kinds that a receiver is sent to by: our own, then those of other packages."""
    yield from KINDS
    own = {kind.name for kind in KINDS}
    for name, model in receiver.kinds().items():
        if name not in own and not issubclass(model, NotSentConfig):
            # The model of the receiver has this kind because a package could be loaded.
            plugin = load_plugin(name)
            assert isinstance(plugin, ReceiverKind)
            yield plugin
