"""All dashboards, and their JSON."""

import json
from collections.abc import Callable
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from tools.dashboards.alerts import alerts
from tools.dashboards.fleet import fleet
from tools.dashboards.instance import instance
from tools.dashboards.keyspace import keyspace
from tools.dashboards.queues import queues
from tools.dashboards.slow import slow

DASHBOARDS: Final[dict[str, Callable[[], Dashboard]]] = {
    "fleet": fleet,
    "instance": instance,
    "keyspace": keyspace,
    "queues": queues,
    "slow": slow,
    "alerts": alerts,
}


def generate() -> dict[str, str]:
    """The JSON of every dashboard by the name of its file."""
    return {f"{name}.json": _encode(build()) for name, build in DASHBOARDS.items()}


def _encode(dashboard: Dashboard) -> str:
    text = json.dumps(dashboard.build(), cls=JSONEncoder, indent=2, ensure_ascii=False)
    return text + "\n"
