"""A process that receives a storm of alerts and tells a webhook; made to be killed at any moment.

Usage: storm_process.py DATABASE URL BEGAN COUNT SECONDS CONCURRENCY: the storm brings COUNT alerts in SECONDS
from the moment BEGAN, and CONCURRENCY messages are sent at a time. Like by a rule, the process is told of
every alert that fires again and again, also after a restart.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
from prometheus_client import CollectorRegistry

from exporter.alerting.manager import AlertManager
from exporter.alerting.metrics import Metrics
from exporter.alerting.options import Options
from exporter.clock import SystemClock
from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.alertmanager.receivers import Receiver
from exporter.config.document import Document
from exporter.errors import NotifyError
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.notification import Notification
from exporter.state.alert_store import SqliteAlertStore
from exporter.state.database import Database

CONFIG = """
route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}
receivers: [{name: hook}]
"""
TICK_SECONDS = 0.05


class Hook:
    """Posts the names of the alerts."""

    name = "webhook"
    send_resolved = True
    notifies_event_ends = True

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url

    async def send(self, notification: Notification) -> None:
        body = [alert.labels.get("n") for alert in notification.alerts]
        try:
            await self._client.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise NotifyError(str(error), retryable=True) from error


async def main(database: Path, url: str, began: float, count: int, seconds: float, concurrency: int) -> None:
    client = httpx.AsyncClient()

    def integration_factory(receiver: Receiver) -> Sequence[Hook]:
        return [Hook(client, url)]

    clock = SystemClock()
    manager = AlertManager(
        parse_alertmanager_config(Document.parse(CONFIG, "alertmanager.yml")),
        integration_factory,
        clock=clock,
        alert_store=SqliteAlertStore(Database(database)),
        metrics=Metrics(CollectorRegistry()),
        external_url="http://vigil",
        options=Options(hold_seconds=0, concurrency=concurrency),
    )
    await manager.start()
    for _ in range(100_000):
        progress = min(1.0, (clock.now() - began) / seconds)
        alerts = [
            Alert(
                Labels({"alertname": "Storm", "n": str(number)}),
                starts_at=began + number * seconds / count,
                ends_at=clock.now() + 240,
            )
            for number in range(int(progress * count))
        ]
        await manager.receive(alerts)
        await asyncio.sleep(TICK_SECONDS)


if __name__ == "__main__":
    _, path, hook, start, number_of_alerts, length, at_a_time = sys.argv
    asyncio.run(main(Path(path), hook, float(start), int(number_of_alerts), float(length), int(at_a_time)))
