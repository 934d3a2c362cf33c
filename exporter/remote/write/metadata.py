"""Tells a receiver of protocol 1.0 the types and help texts of metrics, now and then."""

from typing import Final

from exporter.clock import Clock
from exporter.config.remote_write import RemoteWriteSection
from exporter.remote.protocol import snappy
from exporter.remote.write.delivery import Delivery
from exporter.remote.write.families import Families
from exporter.remote.write.message import Message
from exporter.store import Store

_NEVER: Final = float("-inf")


class MetadataSender:
    """Sends them every `metadata_config.send_interval`."""

    def __init__(
        self, section: RemoteWriteSection, delivery: Delivery, store: Store, families: Families, clock: Clock
    ) -> None:
        self._section = section.metadata_config
        self._delivery = delivery
        self._store = store
        self._families = families
        self._clock = clock
        self._sent_at = _NEVER

    def configure(self, section: RemoteWriteSection) -> None:
        """Go over to another section."""
        self._section = section.metadata_config

    async def send_if_due(self, message: Message) -> None:
        """Send them, if it is time; what fails is left to the next time."""
        now = self._clock.monotonic()
        if now - self._sent_at < self._section.send_interval.seconds:
            return
        self._families.look(self._store.groups)
        families, most = self._families.described, self._section.max_samples_per_send
        if not families:
            # Nothing was sampled yet.
            return
        self._sent_at = now
        if not self._section.send:
            return
        for at in range(0, len(families), most):
            part = families[at : at + most]
            body = message.metadata(part)
            if body is None:
                return
            if not await self._delivery.deliver_metadata(snappy.compress(body), message.headers, len(part)):
                return
