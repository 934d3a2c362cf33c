"""Our own alerting as the world of a story, in virtual time."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry

from exporter.alerting.alert_store import AlertStore, MemoryAlertStore
from exporter.alerting.manager import AlertManager
from exporter.alerting.metrics import Metrics
from exporter.alerting.options import Options
from exporter.alerting.silences import Silence
from exporter.clock import Clock
from exporter.config.alertmanager.config import AlertmanagerConfig, parse_alertmanager_config
from exporter.config.alertmanager.matchers import parse_matchers
from exporter.config.alertmanager.receivers import Receiver
from exporter.config.document import Document
from exporter.errors import NotifyError
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.integration import Integration
from exporter.notify.notification import Notification
from tests.alerting.scenario import RESET, Answer, Message, Spec, Story, names
from tests.clocks import EPOCH, LoopClock, run_virtually

HANG = Answer(0)


def parse(text: str) -> AlertmanagerConfig:
    return parse_alertmanager_config(Document.parse(text, "alertmanager.yml"))


class Hook:
    """An integration that keeps what it is sent, and answers as it was told."""

    name = "webhook"

    def __init__(self, world: "OwnWorld", receiver: str, send_resolved: bool) -> None:
        self._world = world
        self._receiver = receiver
        self.send_resolved = send_resolved
        # As Slack and mails in our own words do it.
        self.notifies_event_ends = receiver != "people"

    async def send(self, notification: Notification) -> None:
        answers = self._world.answers[self._receiver]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self._world.attempts.append((asyncio.get_running_loop().time(), self._receiver))
        if answer.status == 0:
            await asyncio.Event().wait()
        await asyncio.sleep(answer.delay)
        if answer.status == RESET:
            raise NotifyError("the connection broke", retryable=True)
        if answer.status >= 400:
            retryable = answer.status >= 500 or answer.status == 429
            kind = "rateLimited" if answer.status == 429 else "serverError" if retryable else "clientError"
            raise NotifyError(
                f"status {answer.status}",
                retryable=retryable,
                kind=kind,
                retry_after_seconds=answer.retry_after,
            )
        self._world.receive(notification)


class OwnWorld:
    """Runs an `AlertManager`; `alert_store` lets it outlive a restart."""

    def __init__(
        self,
        config: str,
        *,
        options: Options | None = None,
        alert_store: AlertStore | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or LoopClock()
        self.messages: list[Message] = []
        self.notifications: list[Notification] = []
        self.attempts: list[tuple[float, str]] = []
        self.answers: defaultdict[str, list[Answer]] = defaultdict(lambda: [Answer()])
        self.silence_ids: dict[str, str] = {}
        self.alert_store = alert_store or MemoryAlertStore()
        self.relabel: Callable[[Labels], Labels] = lambda labels: labels
        self._config = config
        self._options = options or Options(hold_seconds=0)
        self.manager = self._make_manager()

    def _make_manager(self) -> AlertManager:
        self.registry = CollectorRegistry()
        return AlertManager(
            parse(self._config),
            self._integrations,
            clock=self.clock,
            alert_store=self.alert_store,
            metrics=Metrics(self.registry),
            external_url="http://vigil",
            options=self._options,
            relabel=self.relabel,
            rng=random.Random(7),
        )

    def _integrations(self, receiver: Receiver) -> Sequence[Integration]:
        return [Hook(self, receiver.name, one.send_resolved) for one in receiver.webhook_configs]

    def receive(self, notification: Notification) -> None:
        self.notifications.append(notification)
        firing = [
            one.labels.as_dict() for one in notification.alerts if not one.is_resolved(notification.now)
        ]
        resolved = [one.labels.as_dict() for one in notification.alerts if one.is_resolved(notification.now)]
        at = asyncio.get_running_loop().time()
        status = "firing" if firing else "resolved"
        key = notification.group_key
        self.messages.append(Message(at, notification.receiver, key, status, names(firing), names(resolved)))

    async def push(self, alerts: Sequence[Spec]) -> None:
        await self.manager.receive(
            [
                Alert(
                    one.labels,
                    one.annotations,
                    EPOCH + (one.starts or 0.0),
                    0.0 if one.ends is None else EPOCH + one.ends,
                )
                for one in alerts
            ]
        )

    async def silence(self, name: str, matchers: str, seconds: float) -> None:
        now = self.clock.now()
        known = self.silence_ids.get(name, "")
        begin = self.manager.silences.get(known).starts_at if known else now
        silence = await self.manager.put_silence(
            Silence(known, tuple(parse_matchers(matchers)), begin, now + seconds, "me", name)
        )
        self.silence_ids[name] = silence.id

    async def expire(self, name: str) -> None:
        await self.manager.expire_silence(self.silence_ids[name])

    async def reload(self, config: str) -> None:
        self._config = config
        await self.manager.reload(parse(config), self._integrations)

    async def restart(self) -> None:
        await self.manager.stop(0)
        self.manager = self._make_manager()
        await self.manager.start()

    def answer(self, receiver: str, answers: Iterable[Answer]) -> None:
        self.answers[receiver] = list(answers)


def assert_story(story: Story, *, options: Options | None = None) -> OwnWorld:
    """Play a story in virtual time, and assert that what it wants has come."""

    async def main() -> OwnWorld:
        world = OwnWorld(story.config, options=options)
        await world.manager.start()
        try:
            await story.play(world)
        finally:
            await world.manager.stop(0)
        return world

    world = run_virtually(main())
    story.check(world.messages)
    return world
