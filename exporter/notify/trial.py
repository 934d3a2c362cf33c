"""A test message, by which somebody sees whether a receiver gets anything."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.errors import NotifyError
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.integration import Integration
from exporter.notify.notification import Notification
from exporter.rules.sending import query_url

TEST_ALERT: Final = "TestNotification"
_LABELS: Final = Labels({"alertname": TEST_ALERT, "instance": "example:6379", "severity": "warning"})
_SUMMARY: Final = "A test notification of redis-vigil"


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a test message by one integration; `error` is empty where it arrived."""

    integration: str
    index: int
    error: str
    seconds: float

    def __str__(self) -> str:
        outcome = f"failed: {self.error}" if self.error else "sent"
        return f"{self.integration}[{self.index}]: {outcome} ({self.seconds:.1f} s)"


def trial_notification(
    receiver: str, external_url: str, now: float, *, description: str, resolved: bool = False
) -> Notification:
    """Return the notification for a receiver; `now` in epoch seconds."""
    annotations = Labels({"summary": _SUMMARY, "description": description})
    link = query_url(external_url, "vector(1)")
    alert = Alert(_LABELS, annotations, now - 60, now if resolved else 0.0, link)
    return Notification(
        receiver=receiver,
        # Not the key of any group, so that it changes no message about a real one.
        group_key=f"test-notification:{now}",
        group_labels=_LABELS.only(["alertname"]),
        alerts=(alert,),
        external_url=external_url,
        now=now,
        is_trial=True,
    )


async def try_all(
    integrations: Sequence[Integration], notification: Notification, timeout_seconds: float
) -> Sequence[Trial]:
    """Send by each at once, and wait so long for each."""
    return await asyncio.gather(
        *(
            _try(integration, index, notification, timeout_seconds)
            for index, integration in enumerate(integrations)
        )
    )


async def _try(
    integration: Integration, index: int, notification: Notification, timeout_seconds: float
) -> Trial:
    began, error = time.monotonic(), ""
    try:
        async with asyncio.timeout(timeout_seconds):
            await integration.send(notification)
    except NotifyError as failure:
        error = str(failure)
    except TimeoutError:
        error = f"no answer in {timeout_seconds:g} seconds"
    return Trial(integration.name, index, error, time.monotonic() - began)
