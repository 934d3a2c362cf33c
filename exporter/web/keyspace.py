"""`/api/keyspace`: what the last pass over each keyspace has found, and the one under way, as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from exporter.clock import Clock
from exporter.keyspace import KeyspaceSampler
from exporter.web.directory import Targets
from exporter.web.json_pieces import json_response


def routes(targets: Targets, clock: Clock) -> Sequence[BaseRoute]:
    """The route; the parameters `instance` and `db` narrow down what is answered."""

    async def list_keyspaces(request: Request) -> Response:
        instance, database = request.query_params.get("instance"), request.query_params.get("db")
        keyspaces = (
            _keyspace(runner.target.instance, sampler, database)
            for runner in list(targets.runners)
            if isinstance(sampler := runner.sampler("keyspace"), KeyspaceSampler)
            and instance in (None, runner.target.instance)
        )
        return await json_response({"at": clock.now(), "keyspaces": keyspaces})

    return [Route("/api/keyspace", list_keyspaces)]


def _keyspace(instance: str, sampler: KeyspaceSampler, database: str | None) -> dict[str, Any]:
    report = sampler.report or sampler.partial
    document: dict[str, Any] = {"instance": instance} if report is None else json.loads(report.to_json())
    # Until the first pass has ended these are figures of the keys seen so far.
    document["partial"] = report is None or not report.complete
    document["scan"] = _scan(sampler)
    if database is not None:
        _narrow(document, database)
        _narrow(document["scan"], database)
    return document


def _scan(sampler: KeyspaceSampler) -> dict[str, Any]:
    """The pass under way; `patterns` are of the keys that it has seen by now."""
    forecast, partial = sampler.forecast, sampler.partial
    scan: dict[str, Any] = {
        "progress_ratio": sampler.progress_ratio,
        "keys_scanned": sampler.keys_scanned,
        "remaining_seconds": 0.0 if forecast is None else forecast.remaining_seconds,
        "late": forecast is not None and forecast.is_late,
        "held_up_by": None if forecast is None else forecast.held_up_by,
    }
    if partial is not None:
        scan["patterns"] = json.loads(partial.to_json())["patterns"]
    return scan


def _narrow(document: dict[str, Any], database: str) -> None:
    for name in ("databases", "patterns", "types", "biggest_keys"):
        if name in document:
            document[name] = [one for one in document[name] if one["database"] == database]
