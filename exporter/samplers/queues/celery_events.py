"""Celery's workers, by the heartbeats that they publish.

Workers do so without any option, every two seconds, on the channel `/<database>.celeryev/worker.heartbeat`;
the message is kombu's envelope around base64 of JSON. Source: `kombu/transport/redis.py`,
`celery/worker/heartbeat.py`.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import Callable
from typing import Final

from exporter.clock import Clock
from exporter.connection import Connection, pack
from exporter.errors import Reason, ReplyError, TargetError
from exporter.log import get_logger
from exporter.samplers.queues.base import Heartbeats
from exporter.samplers.queues.replies import items, json_object, text

log = get_logger(__name__)

_PATTERN: Final = "/*.celeryev/worker.heartbeat"
# Without a message for so long the connection is made anew: it may be dead.
_SILENCE_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 5.0
_REFUSED_RETRY_SECONDS: Final = 600.0
_FORGET_SECONDS: Final = 600.0
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
        self._heard: dict[str, tuple[int, float, int]] = {}
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
        for name in [name for name, (_, at, _) in self._heard.items() if at < now - _FORGET_SECONDS]:
            del self._heard[name]
        return Heartbeats(
            {name: (at, done) for name, (place, at, done) in self._heard.items() if place == database}
        )

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
        if isinstance(reply, ReplyError):
            raise reply
        if self._listening_since is None:
            self._listening_since = self._clock.now()

    def receive(self, message: object) -> None:
        """Take in one message of the subscription; anything that is no heartbeat is passed over."""
        parts = items(message)
        if len(parts) != 4:
            return
        channel = text(parts[2]) or ""
        database = channel.partition(".")[0].removeprefix("/")
        heartbeat = _open(parts[3])
        name, done = heartbeat.get("hostname"), heartbeat.get("processed")
        if not database.isdigit() or not isinstance(name, str) or len(self._heard) >= _MAX_WORKERS:
            return
        self._heard[name] = (int(database), self._clock.now(), done if isinstance(done, int) else 0)

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


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
