"""Asks one server what it is, by one pass of the samplers that would watch it."""

from dataclasses import replace
from typing import Final

from exporter.clock import SystemClock
from exporter.config.main import Config
from exporter.config.targets import PASSWORDS, TargetSection
from exporter.connection import Connection
from exporter.discovery.asking import text
from exporter.errors import Reason, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Target
from exporter.reload import plan_targets
from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from exporter.survey.asking import ask, find_sentinels, read_info
from exporter.survey.findings import Named, ServerSurvey
from exporter.survey.queues import look_for_queues
from exporter.survey.services import service_of

# These walk through keys; queues are looked for in another way, with an end.
_NOT_NOW: Final = frozenset({"keyspace", "queues"})


async def survey_server(section: TargetSection, *, with_sentinels: bool = True) -> ServerSurvey:
    """Ask one server what it is, and for its queues and sentinels.

    Raises `TargetError` where it does not answer.
    """
    ((target, plans),) = plan_targets(Config.model_validate({"targets": (section,)})).items()
    wanted = [plan for plan in plans if plan.spec.name not in _NOT_NOW]
    clock, timeout = SystemClock(), wanted[0].timeout_seconds
    runner = TargetRunner(target, wanted, store=Store(), clock=clock, timeout_seconds=timeout)
    try:
        await runner.run(*(plan.spec.name for plan in wanted if plan.spec.decides_up))
        _require_up(runner)
        await runner.run(*(plan.spec.name for plan in wanted if not plan.spec.decides_up))
        return await _describe(section, target, runner, with_sentinels=with_sentinels)
    finally:
        await runner.close()


def _require_up(runner: TargetRunner) -> None:
    status = runner.status
    if not status.up:
        raise TargetError(status.problem or Reason.UNREACHABLE, status.message)


async def _describe(
    section: TargetSection, target: Target, runner: TargetRunner, *, with_sentinels: bool
) -> ServerSurvey:
    info, missing = runner.facts.server, runner.unavailable.commands
    fields = await read_info(target)
    found = ServerSurvey(
        section=section,
        info=info,
        service=service_of(target.address.host, fields, info.engine, missing),
        missing=missing,
        grant=runner.unavailable.grant,
    )
    if found.is_sentinel:
        return found
    if found.is_cluster_node:
        found = replace(found, node_id=await _node_id(target))
    elif with_sentinels:
        found = replace(found, sentinels=await find_sentinels(target))
    return replace(found, queues=await look_for_queues(target, runner.facts))


async def _node_id(target: Target) -> str:
    """The id of a cluster's node; empty where it does not tell."""

    async def question(connection: Connection) -> str:
        # CLUSTER MYID is not among what users of few permissions may ask.
        lines = text(await connection.execute("CLUSTER", "NODES")).splitlines()
        return next((line.partition(" ")[0] for line in lines if "myself" in line), "")

    try:
        return await ask(target, question)
    except TargetError:
        return ""


async def survey_named(named: Named) -> ServerSurvey:
    """Ask a server as it was named. Raises `TargetError` where it does not answer.

    A Sentinel that lets in whom its URL alone names is asked so.
    """
    is_sentinel = named.bare != named.given and await _is_sentinel(named.bare)
    return await survey_server(named.bare if is_sentinel else named.given)


async def _is_sentinel(section: TargetSection) -> bool:
    try:
        fields = await read_info(section.to_target())
    except TargetError:
        return False
    return (fields.get("redis_mode") or fields.get("server_mode")) == "sentinel"


def without_login(section: TargetSection) -> TargetSection:
    """The same server without user and password."""
    kept = {name: getattr(section, name) for name in section.model_fields_set - {"username", *PASSWORDS}}
    url = replace(section.url, username="", password=Secret(""))
    return TargetSection.model_validate({**kept, "url": url})
