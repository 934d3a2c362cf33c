"""`/api/v2/status`, `/api/v2/receivers`, states of receivers, and the history of notifications."""

import platform
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.routing import Route

import exporter
from exporter.alerting.config_metrics import ALERTMANAGER_VERSION
from exporter.alerting.history import HistoryRecord
from exporter.alerting.manager import AlertManager
from exporter.alerting.receiver_state import ReceiverState
from exporter.clock import Clock
from exporter.web.api_v2.filters import parse_filter
from exporter.web.api_v2.reply import RefusedError, endpoint
from exporter.web.api_v2.times import write_moment

DEFAULT_RECORDS: Final = 100
MAX_RECORDS: Final = 10_000
DAY_SECONDS: Final = 24 * 3600.0


def routes(manager: AlertManager, clock: Clock) -> Sequence[Route]:
    """Return the routes about the daemon itself."""
    began = clock.now()

    async def get_status(_: Request) -> Any:
        return {
            "cluster": {"peers": [], "status": "disabled"},
            "config": {"original": manager.config.to_yaml()},
            "uptime": write_moment(began),
            "versionInfo": _version(),
        }

    async def get_receivers(request: Request) -> Any:
        matchers = parse_filter(request, "receiver_matchers")
        return [
            {"name": receiver.name, **({"labels": receiver.all_labels} if receiver.labels else {})}
            for receiver in manager.config.receivers
            if all(matcher.matches(receiver.all_labels) for matcher in matchers)
        ]

    async def get_notifications(request: Request) -> Any:
        limit = _number(request, "limit", DEFAULT_RECORDS, MAX_RECORDS)
        days = _number(request, "days", 30, 30)
        receiver = request.query_params.get("receiver", "")
        records = await manager.read_history(clock.now() - days * DAY_SECONDS, limit, receiver)
        return [_encode_record(record) for record in records]

    async def get_receiver_states(_: Request) -> Any:
        return [_encode_state(state) for state in manager.receiver_states]

    return (
        Route("/api/v2/status", endpoint(get_status), methods=["GET"]),
        Route("/api/v2/receivers", endpoint(get_receivers), methods=["GET"]),
        Route("/api/receivers", endpoint(get_receiver_states), methods=["GET"]),
        Route("/api/notifications", endpoint(get_notifications), methods=["GET"]),
    )


def _version() -> dict[str, str]:
    return {
        "branch": "",
        "buildDate": "",
        "buildUser": f"redis-vigil {exporter.__version__}",
        # Alertmanager has the version of Go here.
        "goVersion": f"python{platform.python_version()}",
        "revision": "",
        # Clients compare it with their own version, or choose the form of requests by it.
        "version": ALERTMANAGER_VERSION,
    }


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise RefusedError(f"{name} must be a whole number from 1 to {most}")
    return int(text)


def _encode_state(state: ReceiverState) -> dict[str, Any]:
    until = state.waits_until
    return {
        "receiver": state.receiver,
        "integration": f"{state.integration}[{state.index}]",
        "error": state.error,
        "waitsUntil": None if until is None else write_moment(until),
        "waitsSeconds": round(state.waits_seconds, 1),
    }


def _encode_record(record: HistoryRecord) -> dict[str, Any]:
    return {
        "at": write_moment(record.at),
        "receiver": record.receiver,
        "integration": record.integration,
        "groupKey": record.group_key,
        "groupLabels": record.group_labels.as_dict(),
        "outcome": record.outcome,
        "error": record.error,
        "attempts": record.attempts,
        "firing": record.firing,
        "resolved": record.resolved,
        "alerts": [{"labels": one.labels.as_dict(), "status": one.status} for one in record.alerts],
    }
