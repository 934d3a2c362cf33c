"""`/api/keyspace`: what the last finished pass over each keyspace has found, as JSON."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from exporter.clock import Clock
from exporter.samplers.keyspace import KeyspaceSampler
from exporter.samplers.runner import TargetRunner


def routes(runners: Callable[[], Iterable[TargetRunner]], clock: Clock) -> Sequence[BaseRoute]:
    """The route; the parameters `instance` and `db` narrow down what is answered."""

    async def list_keyspaces(request: Request) -> Response:
        instance, database = request.query_params.get("instance"), request.query_params.get("db")
        keyspaces = [
            _keyspace(runner.target.instance, sampler, database)
            for runner in runners()
            if isinstance(sampler := runner.sampler("keyspace"), KeyspaceSampler)
            and instance in (None, runner.target.instance)
        ]
        return JSONResponse({"at": clock.now(), "keyspaces": keyspaces})

    return [Route("/api/keyspace", list_keyspaces)]


def _keyspace(instance: str, sampler: KeyspaceSampler, database: str | None) -> dict[str, Any]:
    report = sampler.report
    document: dict[str, Any] = {"instance": instance} if report is None else json.loads(report.to_json())
    if database is not None:
        for name in ("databases", "patterns", "types", "biggest_keys"):
            document[name] = [one for one in document.get(name, ()) if one["database"] == database]
    document["scan"] = {"progress_ratio": sampler.progress_ratio, "keys_scanned": sampler.keys_scanned}
    return document
