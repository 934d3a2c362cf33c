"""Pictures that are drawn at once, and integrations that have them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.alertmanager.style import MessageStyle
from exporter.config.document import Document
from exporter.model.alert import Alert
from exporter.notify.integration import Integration
from exporter.notify.integrations import IntegrationFactory
from exporter.notify.pictures import Picture
from tests.notify.samples import HOSTILE, NOW, alert

PNG = b"\x89PNG\r\n\x1a\nrest"


@dataclass
class Pictures:
    """Draws the same for every alert; `asked` are the instances of those it was asked for."""

    picture: Picture | None = field(
        default_factory=lambda: Picture(
            PNG, alert().fingerprint, f"Down: {HOSTILE}", "up: from 0 to 1.", 590, 200
        )
    )
    asked: list[list[str]] = field(default_factory=list)
    refused: int = 0

    async def draw(self, alerts: Sequence[Alert], now: float) -> Picture | None:
        self.asked.append([one.labels.get("instance") for one in alerts])
        return self.picture

    async def sample(self, alert: Alert, now: float) -> Picture | None:
        return await self.draw([alert], now)

    def count_refused(self) -> None:
        self.refused += 1


def make(receiver: str, pictures: Pictures, style: MessageStyle = "vigil") -> Integration:
    """The only integration of a receiver, written as the inner part of one in alertmanager.yml."""
    text = f"route: {{receiver: ops}}\nreceivers: [{{name: ops, {receiver}}}]\n"
    document = Document.parse(text, "am.yml")
    config = parse_alertmanager_config(document)
    factory = IntegrationFactory(
        config.global_, lambda: NOW, document=document, style=style, pictures=pictures
    )
    (integration,) = factory(config.receivers[0])
    return integration
