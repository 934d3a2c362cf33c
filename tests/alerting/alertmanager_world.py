"""A real Alertmanager as the world of a story, in real time."""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from exporter.config.alertmanager.matchers import parse_matchers
from tests.alerting.http_hook import HttpHook
from tests.alerting.scenario import Answer, Spec, Story

START_TRIES = 400
START_WAIT_SECONDS = 0.05


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class AlertmanagerWorld:
    """One process with its own directory and its own receiver."""

    def __init__(self, program: Path, directory: Path, config: str) -> None:
        self.hook = HttpHook()
        self._program = program
        self._directory = directory
        self._config = config
        self._port = free_port()
        self._process: asyncio.subprocess.Process | None = None
        self._epoch = 0.0
        self._silence_ids: dict[str, str] = {}
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}")

    async def start(self) -> None:
        await self.hook.start()
        self._directory.mkdir(parents=True)
        self._write(self._config)
        self._process = await asyncio.create_subprocess_exec(
            self._program,
            f"--config.file={self._directory / 'alertmanager.yml'}",
            f"--storage.path={self._directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--cluster.listen-address=",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await self._wait_until_ready()

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
        await self._client.aclose()
        await self.hook.stop()

    def begin(self) -> None:
        self._epoch = datetime.now(UTC).timestamp()
        self.hook.begin()

    async def push(self, alerts: Sequence[Spec]) -> None:
        body = [
            {
                "labels": one.labels.as_dict(),
                "annotations": one.annotations.as_dict(),
                "startsAt": self._stamp(one.starts or 0.0),
                **({} if one.ends is None else {"endsAt": self._stamp(one.ends)}),
            }
            for one in alerts
        ]
        (await self._client.post("/api/v2/alerts", json=body)).raise_for_status()

    async def silence(self, name: str, matchers: str, seconds: float) -> None:
        now = datetime.now(UTC).timestamp()
        known = self._silence_ids.get(name)
        begin = _rfc3339(now)
        if known:
            begin = (await self._client.get(f"/api/v2/silence/{known}")).raise_for_status().json()["startsAt"]
        body = {
            **({"id": known} if known else {}),
            "matchers": [
                {
                    "name": one.name,
                    "value": one.value,
                    "isRegex": "~" in one.op,
                    "isEqual": not one.op.startswith("!"),
                }
                for one in parse_matchers(matchers)
            ],
            "startsAt": begin,
            "endsAt": _rfc3339(now + seconds),
            "createdBy": "me",
            "comment": name,
        }
        response = await self._client.post("/api/v2/silences", json=body)
        self._silence_ids[name] = response.raise_for_status().json()["silenceID"]

    async def expire(self, name: str) -> None:
        (await self._client.delete(f"/api/v2/silence/{self._silence_ids[name]}")).raise_for_status()

    async def reload(self, config: str) -> None:
        self._write(config)
        (await self._client.post("/-/reload")).raise_for_status()

    async def restart(self) -> None:
        raise NotImplementedError("no story shared with Alertmanager restarts")

    def answer(self, receiver: str, answers: Iterable[Answer]) -> None:
        self.hook.answer(receiver, answers)

    def _write(self, config: str) -> None:
        path = self._directory / "alertmanager.yml"
        path.write_text(config.replace("http://hook", self.hook.url), encoding="utf-8")

    async def _wait_until_ready(self) -> None:
        for _ in range(START_TRIES):
            try:
                if (await self._client.get("/-/ready")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(START_WAIT_SECONDS)
        raise TimeoutError("Alertmanager does not start")

    def _stamp(self, seconds: float) -> str:
        return _rfc3339(self._epoch + seconds)


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


async def play(story: Story, program: Path, directory: Path) -> HttpHook:
    """Play a story at a real Alertmanager."""
    world = AlertmanagerWorld(program, directory, story.config)
    try:
        await world.start()
        world.begin()
        await story.play(world)
    finally:
        await world.stop()
    return world.hook
