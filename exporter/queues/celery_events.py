"""Celery's workers, by the heartbeats that they publish.

Workers do so without any option, every two seconds, on the channel `/<database>.celeryev/worker.heartbeat`,
and on `worker.online` and `worker.offline` when they start and end; the message is kombu's envelope around
base64 of JSON. They count a task as processed when they begin it, so those that they run are taken off.
Source: `kombu/transport/redis.py`, `celery/worker/heartbeat.py` and `state.py`.
"""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from exporter.clock import Clock
from exporter.connection import Connection, pack, value_of
from exporter.errors import Reason, ReplyError, TargetError
from exporter.log import get_logger
from exporter.queues.base import Heartbeat, Heartbeats
from exporter.queues.replies import items, json_object

log = get_logger(__name__)

_PATTERN: Final = "*/*.celeryev/worker.*"
# A `global_keyprefix` stands before it.
_CHANNEL: Final = re.compile(rb"(.*)/([0-9]{1,9})\.celeryev/worker\.(heartbeat|online|offline)", re.DOTALL)
# Without a message for so long the connection is made anew: it may be dead.
_SILENCE_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 5.0
_REFUSED_RETRY_SECONDS: Final = 600.0
_FORGET_SECONDS: Final = 600.0
# One that has left is told until every pass has taken in what it had counted.
_LEFT_SECONDS: Final = 120.0
# Whoever is first heard after so many of its heartbeats would have been heard has been started just now.
_MISSED_BEATS: Final = 3
_MAX_WORKERS: Final = 5000
# Heartbeats come every two seconds; what is known before the first could have come is nothing.
_SETTLING_SECONDS: Final = 5.0


class CeleryEvents:
    """Listens on a connection of its own, from `start` to `close`.

    A worker that is not heard any more is kept for ten minutes, then taken for gone.
    """

    def __init__(self, connect: Callable[[], Connection], clock: Clock) -> None:
        self._connect = connect
        self._clock = clock
        # By database, prefix and name: the process that runs under that name, as it was heard last.
        self._heard: dict[tuple[int, bytes, str], _WorkerProcess] = {}
        self._left: list[tuple[int, bytes, Heartbeat]] = []
        self._task: asyncio.Task[None] | None = None
        self._listening_since: float | None = None

    def start(self) -> None:
        """Begin to listen, if that has not been done."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen())

    def heartbeats(self, database: int) -> Heartbeats | None:
        """The workers of one database; None while too little was heard to know."""
        now = self._clock.now()
        if self._listening_since is None or now - self._listening_since < _SETTLING_SECONDS:
            return None
        self._left = [one for one in self._left if one[2].at > now - _LEFT_SECONDS]
        told = [
            *((place[0], place[1], worker.beat) for place, worker in self._heard.items()),
            *self._left,
        ]
        heard: dict[bytes, list[Heartbeat]] = {}
        for place, prefix, beat in told:
            if place == database and beat.at >= now - _FORGET_SECONDS:
                heard.setdefault(prefix, []).append(beat)
        return Heartbeats(heard)

    async def _listen(self) -> None:
        while True:
            connection = self._connect()
            pause = _RETRY_SECONDS
            try:
                await self._subscribe(connection)
                while True:
                    (message,) = await connection.exchange(b"", 1, timeout_seconds=_SILENCE_SECONDS)
                    self.receive(message)
            except ReplyError as error:
                self._listening_since = None
                pause = _REFUSED_RETRY_SECONDS
                log.warning("cannot hear Celery's workers", error=error)
            except TargetError as error:
                # Silence is no fault: there may be no worker.
                if error.reason is not Reason.TIMEOUT:
                    self._listening_since = None
                else:
                    pause = 0.0
            finally:
                await connection.close()
            await asyncio.sleep(pause)

    async def _subscribe(self, connection: Connection) -> None:
        (reply,) = await connection.exchange(pack([("PSUBSCRIBE", _PATTERN)]), 1)
        value_of(reply)
        if self._listening_since is None:
            self._listening_since = self._clock.now()

    def receive(self, message: object) -> None:
        """Take in one message of the subscription; anything that is no heartbeat is passed over."""
        parts = items(message)
        if len(parts) != 4:
            return
        match = _CHANNEL.fullmatch(parts[2]) if isinstance(parts[2], bytes) else None
        heartbeat = _open(parts[3])
        name = heartbeat.get("hostname")
        if match is None or not isinstance(name, str):
            return
        place = (int(match[2]), match[1], name)
        known = self._heard.get(place)
        if known is None and not self._has_room():
            return
        worker = self._follow(known, name, heartbeat)
        self._heard[place] = worker
        if known is not None and known.beat.process != worker.beat.process:
            self._leave(place, known.beat)
        if match[3] == b"offline":
            del self._heard[place]
            self._leave(place, worker.beat)

    def _has_room(self) -> bool:
        if len(self._heard) >= _MAX_WORKERS:
            forgotten = self._clock.now() - _FORGET_SECONDS
            self._heard = {place: one for place, one in self._heard.items() if one.beat.at >= forgotten}
        return len(self._heard) < _MAX_WORKERS

    def _leave(self, place: tuple[int, bytes, str], beat: Heartbeat) -> None:
        if len(self._left) < _MAX_WORKERS:
            gone = replace(beat, at=self._clock.now(), active=0, has_left=True)
            self._left.append((place[0], place[1], gone))

    def _follow(
        self, known: "_WorkerProcess | None", name: str, heartbeat: Mapping[str, object]
    ) -> "_WorkerProcess":
        """The worker after this heartbeat. What it counts falls when another process has taken its name."""
        now = self._clock.now()
        begun, active, pid = (_whole(heartbeat.get(field)) for field in ("processed", "active", "pid"))
        ended = max(0, begun - active)
        if known is not None and known.pid == pid and begun >= known.begun:
            # The two figures are not read at one moment.
            beat = replace(known.beat, at=now, active=active, ended=max(known.beat.ended, ended))
            return _WorkerProcess(pid, begun, known.lives, beat)
        lives = known.lives + 1 if known is not None and known.pid == pid else 0
        process = f"{name}/{pid}" + (f"/{lives}" if lives else "")
        since = self._listening_since
        seconds = max(_SETTLING_SECONDS, _MISSED_BEATS * _seconds(heartbeat.get("freq")))
        is_new = known is not None or (since is not None and now - since >= seconds)
        return _WorkerProcess(pid, begun, lives, Heartbeat(process, now, active, ended, is_new))

    def follow_clock(self, seconds: float) -> None:
        """The clock was set by so much."""
        if self._listening_since is not None:
            self._listening_since += seconds
        self._heard = {place: worker.shifted(seconds) for place, worker in self._heard.items()}
        self._left = [
            (place, prefix, replace(beat, at=beat.at + seconds)) for place, prefix, beat in self._left
        ]

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


@dataclass(frozen=True, slots=True)
class _WorkerProcess:
    """A process: its id, how many tasks it has begun, how many of the same id there were before it."""

    pid: int
    begun: int
    lives: int
    beat: Heartbeat

    def shifted(self, seconds: float) -> "_WorkerProcess":
        """The same, heard at another moment."""
        return replace(self, beat=replace(self.beat, at=self.beat.at + seconds))


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _open(envelope: object) -> dict[str, object]:
    """The event inside of kombu's envelope; empty where it is none."""
    body = json_object(envelope).get("body")
    if not isinstance(body, str):
        return {}
    try:
        event = json.loads(base64.b64decode(body, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
