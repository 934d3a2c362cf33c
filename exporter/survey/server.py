"""Asks one server what it is, by one pass of the samplers that would watch it."""

from dataclasses import replace
from typing import Final

from exporter.clock import SystemClock
from exporter.config.main import Config
from exporter.config.targets import PASSWORDS, TargetSection
from exporter.connection import Connection
from exporter.discovery.asking import text
from exporter.errors import LOGIN_REASONS, Reason, ReplyError, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Target
from exporter.reload import plan_targets
from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from exporter.survey.asking import ask, hear_sentinels, read_info
from exporter.survey.findings import QueueLook, ServerSurvey
from exporter.survey.queues import look_for_queues
from exporter.survey.services import service_of

# These walk through keys; queues are looked for in another way, with an end.
_NOT_NOW: Final = frozenset({"keyspace", "queues"})


async def survey_server(section: TargetSection, *, with_queues: bool = True) -> ServerSurvey:
    """Ask one server what it is. Raises `TargetError` where it does not answer."""
    ((target, plans),) = plan_targets(Config.model_validate({"targets": (section,)})).items()
    wanted = [plan for plan in plans if plan.spec.name not in _NOT_NOW]
    clock, timeout = SystemClock(), wanted[0].timeout_seconds
    runner = TargetRunner(target, wanted, store=Store(), clock=clock, timeout_seconds=timeout)
    try:
        await runner.run(*(plan.spec.name for plan in wanted if plan.spec.decides_up))
        _require_up(runner)
        await runner.run(*(plan.spec.name for plan in wanted if not plan.spec.decides_up))
        return await _describe(section, target, runner, with_queues=with_queues)
    finally:
        await runner.close()


def _require_up(runner: TargetRunner) -> None:
    status = runner.status
    if not status.up:
        raise TargetError(status.problem or Reason.UNREACHABLE, status.message)


async def _describe(
    section: TargetSection, target: Target, runner: TargetRunner, *, with_queues: bool
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
        return replace(found, node_id=await _node_id(target), queues=await _queues(runner, with_queues))
    sentinels = await hear_sentinels(target)
    return replace(found, sentinels=sentinels, queues=await _queues(runner, with_queues))


async def _queues(runner: TargetRunner, wanted: bool) -> QueueLook:
    return await look_for_queues(runner.target, runner.facts) if wanted else QueueLook()


async def _node_id(target: Target) -> str:
    """The id of a cluster's node; empty where it does not tell."""

    async def question(connection: Connection) -> str:
        return text(await connection.execute("CLUSTER", "MYID"))

    try:
        return await ask(target, question)
    except TargetError:
        return ""


async def survey_without_password(section: TargetSection, refusal: TargetError) -> ServerSurvey:
    """Ask a Sentinel that takes no password, where the one that was given is that of its servers.

    Raises `refusal` where it is no Sentinel, or does not answer.
    """
    bare = without_login(section)
    if bare == section or refusal.reason not in LOGIN_REASONS:
        raise refusal
    try:
        if (await read_info(bare.to_target())).get("redis_mode") == "sentinel":
            return await survey_server(bare)
    except (TargetError, ReplyError):
        pass
    raise refusal


def without_login(section: TargetSection) -> TargetSection:
    """The same server without user and password."""
    kept = {name: getattr(section, name) for name in section.model_fields_set - {"username", *PASSWORDS}}
    url = replace(section.url, username="", password=Secret(""))
    return TargetSection.model_validate({**kept, "url": url})
