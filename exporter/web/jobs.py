"""`/api/jobs`: the daemon's periodic jobs, as JSON."""

from collections.abc import Sequence
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from exporter.clock import Clock
from exporter.jobs import JobStatus
from exporter.web.json_pieces import json_response


class Jobs(Protocol):
    """The scheduler of the jobs."""

    @property
    def statuses(self) -> Sequence[JobStatus]:
        """The status of every job."""
        ...


def routes(jobs: Jobs, clock: Clock) -> Sequence[BaseRoute]:
    """The route; moments are epoch seconds, null where there has been none."""

    async def list_jobs(_: Request) -> Response:
        return await json_response({"at": clock.now(), "jobs": map(_encode, jobs.statuses)})

    return [Route("/api/jobs", list_jobs)]


def _encode(status: JobStatus) -> dict[str, Any]:
    job = status.job
    return {
        "name": job.name,
        "interval_seconds": job.interval_seconds(),
        "deadline_seconds": job.deadline_seconds,
        "runs": status.runs,
        "last_run_at": status.last_run_at or None,
        "last_success_at": status.last_success_at or None,
        "last_duration_seconds": status.last_duration_seconds if status.last_run_at else None,
        "last_outcome": status.last_outcome or None,
        "next_run_at": status.next_run_at or None,
    }
