"""`RulePictures`: draws alerts for messages, a few at a time, each once a minute."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from exporter.alert_pictures.drawing import draw_alert
from exporter.alert_pictures.finding import FoundAlert, find_alert
from exporter.alert_pictures.metrics import PictureMetrics
from exporter.alert_pictures.sample import SamplePictures
from exporter.errors import PictureError
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.pictures import Picture
from exporter.rules.manager import RuleManager
from exporter.web.pages.page_queries import PageQueries

DEADLINE_SECONDS: Final = 5.0
"""So much later than without a picture a message is sent at most."""

_AT_ONCE: Final = 2
_MOST_WAITING: Final = 8
_MOST_KEPT: Final = 32

_Key = tuple[Labels, bool, int]
_log = get_logger(__name__)


class RulePictures(SamplePictures):
    """Draws alerts of the daemon's own rules; of those that others have posted there is nothing to draw.

    `connect` it with the rules. Each picture is kept for its minute: receivers share it, and retries have it.
    Test messages have an example.
    """

    def __init__(
        self, queries: PageQueries, metrics: PictureMetrics, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._queries = queries
        self._metrics = metrics
        self._deadline_seconds = deadline_seconds
        self._rules: RuleManager | None = None
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._kept: OrderedDict[_Key, asyncio.Task[Picture | None]] = OrderedDict()
        self._has_failed = False

    def connect(self, rules: RuleManager) -> None:
        """Draw alerts of these rules."""
        self._rules = rules

    async def draw(self, alerts: Sequence[Alert], now: float) -> Picture | None:
        """Return the picture of the first of these alerts that a rule here has made, at `now` (epoch)."""
        try:
            return await self._draw(alerts, now)
        except Exception:
            # A bug here must cost no message.
            self._metrics.count("failed")
            _log.exception("a picture of an alert failed")
            return None

    async def _draw(self, alerts: Sequence[Alert], now: float) -> Picture | None:
        kept = self._kept.get(_key(alerts[0], now)) if alerts else None
        if kept is not None:
            return await asyncio.shield(kept)
        # In a storm of messages the search alone would take longer than the drawing.
        if self._rules is None or self._is_busy():
            return None
        found = await find_alert(self._rules, alerts)
        if found is None:
            return None
        key = _key(found.alert, now)
        task = self._kept.get(key)
        if task is None:
            # Others have searched meanwhile.
            if self._is_busy():
                return None
            task = self._kept[key] = asyncio.create_task(self._make(found, now), name="picture of an alert")
            self._forget()
        # One message that is given up takes nothing from the others.
        return await asyncio.shield(task)

    def _is_busy(self) -> bool:
        is_busy = sum(not one.done() for one in self._kept.values()) >= _MOST_WAITING
        if is_busy:
            self._metrics.count("busy")
        return is_busy

    def count_refused(self) -> None:
        """Count a picture that a receiver did not take."""
        self._metrics.count("refused")

    def _forget(self) -> None:
        for key in list(self._kept)[:-_MOST_KEPT]:
            if self._kept[key].done():
                del self._kept[key]

    async def _make(self, found: FoundAlert, now: float) -> Picture | None:
        try:
            async with asyncio.timeout(self._deadline_seconds), self._places:
                picture = await draw_alert(found, self._queries, now, self._deadline_seconds)
        except TimeoutError:
            self._metrics.count("late")
            self._tell(found, f"it took longer than {self._deadline_seconds:g} s")
        except PictureError as error:
            self._metrics.count("failed")
            self._tell(found, str(error))
        else:
            self._metrics.count("empty" if picture is None else "drawn")
            self._has_failed = False
            return picture
        return None

    def _tell(self, found: FoundAlert, error: str) -> None:
        """Write the first failure of several to the log."""
        if not self._has_failed:
            self._has_failed = True
            _log.warning("a message has no picture of its alert", alert=found.alert.name, error=error)


def _key(alert: Alert, now: float) -> _Key:
    return alert.labels, alert.is_resolved(now), int(now // 60)
