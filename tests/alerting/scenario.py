"""Stories about alerts: what happens when, and who wants to hear what between which moments.

The same story runs on our own alerting in virtual time, and on a real Alertmanager in real time.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from exporter.model.labels import Labels

FOREVER = 100_000.0
RESET = -1
"""The status of an answer that breaks the connection off."""


@dataclass(frozen=True)
class Spec:
    """An alert of a story; times are seconds since its beginning.

    No start: when it is pushed; no end: none is stated.
    """

    labels: Labels
    starts: float | None = None
    ends: float | None = FOREVER
    annotations: Labels = Labels()  # noqa: RUF009 — immutable


def alert(name: str, *, starts: float | None = None, ends: float | None = FOREVER, **labels: str) -> Spec:
    """A firing alert."""
    return Spec(Labels({"alertname": name, **labels}), starts, ends)


class World(Protocol):
    """What a story happens in."""

    async def push(self, alerts: Sequence[Spec]) -> None: ...

    async def silence(self, name: str, matchers: str, seconds: float) -> None:
        """Create a silence, or change the one of this name."""
        ...

    async def expire(self, name: str) -> None: ...

    async def reload(self, config: str) -> None: ...

    async def restart(self) -> None: ...

    def answer(self, receiver: str, answers: Iterable["Answer"]) -> None: ...


@dataclass(frozen=True)
class Answer:
    """How a receiver answers a message, after how long, and what it asks to wait for.

    Status 0: never; `RESET`: it hangs up.
    """

    status: int = 200
    retry_after: float | None = None
    delay: float = 0.0


@dataclass(frozen=True)
class Message:
    """What a receiver got, at a moment of the story."""

    at: float
    receiver: str
    group_key: str
    status: str
    firing: tuple[str, ...]
    resolved: tuple[str, ...]


@dataclass(frozen=True)
class Wish:
    """A message that a receiver wants between two moments; texts are `alertname` or `alertname/instance`."""

    receiver: str
    earliest: float
    latest: float
    firing: tuple[str, ...]
    resolved: tuple[str, ...]
    only_here: bool = False

    def is_met_by(self, message: Message) -> bool:
        """Whether this is the message."""
        return (
            message.receiver == self.receiver
            and self.earliest <= message.at <= self.latest
            and sorted(message.firing) == sorted(self.firing)
            and sorted(message.resolved) == sorted(self.resolved)
        )


Step = Callable[[World], Coroutine[Any, Any, None]]


@dataclass
class Story:
    """Steps at their moments, wishes, and how long it takes. The config's webhook URLs are `http://hook/NAME`."""

    config: str
    until: float
    steps: list[tuple[float, Step]] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)

    def push(self, at: float, *alerts: Spec) -> None:
        """At this moment alerts are received; without a start of their own they start now."""
        dated = [one if one.starts is not None else replace(one, starts=at) for one in alerts]
        self.steps.append((at, lambda world: world.push(dated)))

    def resolve(self, at: float, *alerts: Spec) -> None:
        """At this moment alerts are received that end now, or when they say."""
        dated = [replace(one, ends=at if one.ends == FOREVER else one.ends) for one in alerts]
        self.steps.append((at, lambda world: world.push(dated)))

    def silence(self, at: float, name: str, matchers: str, seconds: float = FOREVER) -> None:
        """At this moment a silence begins."""
        self.steps.append((at, lambda world: world.silence(name, matchers, seconds)))

    def edit(self, at: float, name: str, matchers: str, seconds: float = FOREVER) -> None:
        """At this moment a silence is changed; it ends so long after this moment."""
        self.silence(at, name, matchers, seconds)

    def expire(self, at: float, name: str) -> None:
        """At this moment a silence is ended."""
        self.steps.append((at, lambda world: world.expire(name)))

    def reload(self, at: float, config: str) -> None:
        """At this moment the configuration changes."""
        self.steps.append((at, lambda world: world.reload(config)))

    def restart(self, at: float) -> None:
        """At this moment the process ends without a word and begins anew."""
        self.steps.append((at, lambda world: world.restart()))

    def answer(self, at: float, receiver: str, *answers: Answer) -> None:
        """From this moment the receiver answers so, one after the other, the last for ever."""

        async def step(world: World) -> None:
            world.answer(receiver, answers)

        self.steps.append((at, step))

    def want(
        self,
        receiver: str,
        earliest: float,
        latest: float,
        *,
        firing: Iterable[str] = (),
        resolved: Iterable[str] = (),
        only_here: bool = False,
    ) -> None:
        """Between these moments the receiver wants one message about exactly these alerts.

        `only_here`: Alertmanager does not send it, which is a fault that we do not share.
        """
        wish = Wish(receiver, earliest, latest, tuple(firing), tuple(resolved), only_here)
        self.wishes.append(wish)

    async def play(self, world: World) -> None:
        """Let everything happen, each at its moment of the running loop's clock."""
        time = asyncio.get_running_loop().time
        began = time()
        for at, step in sorted(self.steps, key=lambda one: one[0]):
            await asyncio.sleep(max(0.0, began + at - time()))
            await step(world)
        await asyncio.sleep(max(0.0, began + self.until - time()))

    def check(self, messages: Sequence[Message]) -> None:
        """Fails where a wish is unfulfilled, or a message came that nobody wanted."""
        left = list(messages)
        unmet = []
        for wish in self.wishes:
            found = next((message for message in left if wish.is_met_by(message)), None)
            if found is None:
                unmet.append(wish)
            else:
                left.remove(found)
        lines = [f"missing    {wish}" for wish in unmet] + [f"unexpected {message}" for message in left]
        assert not lines, "\n".join(["", *lines, "all messages:", *map(str, messages)])


def names(alerts: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """The short texts of alerts, by their labels."""
    return tuple(
        "/".join(filter(None, (labels.get("alertname", ""), labels.get("instance", "")))) for labels in alerts
    )
