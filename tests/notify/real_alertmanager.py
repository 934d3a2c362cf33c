"""Debian's Alertmanager as judge: it is given alerts, and what it sends is kept."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from exporter.gotemplate.times import time_of
from exporter.model.alert import Alert


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def running_alertmanager(folder: Path, config: dict[str, Any], external_url: str) -> AsyncIterator[str]:
    """An Alertmanager with this configuration; its own address."""
    (folder / "am.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "prometheus-alertmanager",
        f"--config.file={folder / 'am.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--web.external-url={external_url}",
        "--web.route-prefix=/",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await _wait_until_ready(url)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def _wait_until_ready(url: str) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(10):
        while True:
            try:
                if (await client.get(f"{url}/-/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


async def post_alerts(url: str, alerts: Sequence[Alert]) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{url}/api/v2/alerts",
            content=json.dumps([_posted(alert) for alert in alerts]),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 200, answer.text


def _posted(alert: Alert) -> dict[str, Any]:
    layout = "2006-01-02T15:04:05.999999999Z07:00"
    posted = {
        "labels": alert.labels.as_dict(),
        "annotations": alert.annotations.as_dict(),
        "startsAt": time_of(alert.starts_at).format(layout),
        "generatorURL": alert.generator_url,
    }
    if alert.ends_at:
        posted["endsAt"] = time_of(alert.ends_at).format(layout)
    return posted
