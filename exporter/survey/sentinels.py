"""Sentinels: the primaries and replicas that they watch, and which credentials these take."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from exporter.config.discovery import MASTER_LABEL, SentinelSection
from exporter.config.targets import TargetSection
from exporter.discovery.base import Found
from exporter.discovery.sentinel import SentinelSource
from exporter.errors import DiscoveryError, TargetError
from exporter.model.target import Address
from exporter.survey.asking import at, login_of, reach
from exporter.survey.findings import Neighbour, SentinelSurvey, ServerSurvey
from exporter.survey.server import survey_server, without_login

# By this template the name of a server tells what it is.
_NAME: Final = "{role}"


async def survey_sentinels(
    named: Sequence[tuple[TargetSection, ServerSurvey]],
) -> Sequence[SentinelSurvey]:
    """Groups of Sentinels that watch the same primaries.

    Each comes with the section as it was given, whose user and password may be those of the servers.
    """
    groups: list[SentinelSurvey] = []
    for given, sentinel in named:
        servers, others = await _watched_by(sentinel.section)
        same = next((one for one in groups if _primaries(one.servers) == _primaries(servers)), None)
        if same is None:
            groups.append(await _survey_group(given, sentinel, servers, others))
        else:
            groups[groups.index(same)] = _with(same, sentinel)
    return groups


def _with(group: SentinelSurvey, sentinel: ServerSurvey) -> SentinelSurvey:
    """One more Sentinel of a group, which it may have told of already."""
    ids = {sentinel.info.run_id}
    others = [one for one in group.sentinels[1:] if one.info.run_id not in ids]
    return replace(group, sentinels=[group.sentinels[0], sentinel, *others])


def _primaries(servers: Sequence[Neighbour]) -> set[tuple[str, str]]:
    return {(one.name, one.address.instance) for one in servers if one.role == "master"}


async def _watched_by(sentinel: TargetSection) -> tuple[Sequence[Neighbour], Sequence[Address]]:
    """What a Sentinel lists: servers, and the other Sentinels; nothing where it does not tell."""
    # As `discovery.sentinel` has it, a password of the section is for the servers: here nobody asks these.
    values = {"urls": (sentinel.url,), "instance": _NAME, "sentinels": False, "servers": {"username": "-"}}
    source = SentinelSource(SentinelSection.model_validate({**values, **login_of(sentinel)}))
    try:
        found = await source.find()
    except DiscoveryError:
        return [], []
    return [_neighbour(one) for one in found], source.informants.others


def _neighbour(found: Found) -> Neighbour:
    target = found.target
    return Neighbour(target.address, target.instance, name=target.labels.get(MASTER_LABEL))


async def _survey_group(
    given: TargetSection,
    sentinel: ServerSurvey,
    servers: Sequence[Neighbour],
    others: Sequence[Address],
) -> SentinelSurvey:
    """Find the credentials that the servers take: those that were given, none, or the Sentinel's."""
    ways = [given, without_login(sentinel.section), sentinel.section]
    access, problems = given, [""] * len(servers)
    for index, way in enumerate(ways):
        answers = [
            problem for _, problem in await reach([at(way, one.address).to_target() for one in servers])
        ]
        if index == 0 or answers.count("") > problems.count(""):
            access, problems = way, answers
        if not any(problems):
            break
    told = [replace(one, problem=problem) for one, problem in zip(servers, problems, strict=True)]
    return SentinelSurvey(
        sentinels=[sentinel, *await _answering(sentinel, others)],
        servers=told,
        access=access,
        watched=await _first_primary(access, told),
    )


async def _answering(sentinel: ServerSurvey, others: Sequence[Address]) -> Sequence[ServerSurvey]:
    """The other Sentinels that answer at the addresses that they announce."""
    sections = [at(sentinel.section, address) for address in others]
    answers = await reach([section.to_target() for section in sections])
    return [
        replace(sentinel, section=section, info=replace(sentinel.info, run_id=run_id))
        for section, (run_id, problem) in zip(sections, answers, strict=True)
        if not problem and run_id != sentinel.info.run_id
    ]


async def _first_primary(access: TargetSection, servers: Sequence[Neighbour]) -> ServerSurvey | None:
    for one in servers:
        if one.role == "master" and not one.problem:
            try:
                return await survey_server(at(access, one.address), with_sentinels=False)
            except TargetError:
                continue
    return None


async def find_watching(
    servers: Sequence[ServerSurvey], groups: Sequence[SentinelSurvey]
) -> tuple[Sequence[SentinelSurvey], Sequence[ServerSurvey]]:
    """Sentinels that watch these servers, asked at the addresses that they announce; and the servers left.

    Those that a group watches already are left to it.
    """
    found: list[SentinelSurvey] = []
    left: list[ServerSurvey] = []
    for server in servers:
        if any(_is_of(server, group) for group in (*groups, *found)):
            continue
        group = await _group_of(server)
        if group is not None and _is_of(server, group):
            found.append(replace(group, named=[server.address]))
        else:
            left.append(server)
    return found, left


def _is_of(server: ServerSurvey, group: SentinelSurvey) -> bool:
    """Whether a group watches this server; by its primary's address, or by the run id of what was asked."""
    places = {one.address.instance for one in group.servers}
    is_same = group.watched is not None and bool(server.info.run_id)
    by_id = is_same and group.watched is not None and group.watched.info.run_id == server.info.run_id
    return by_id or server.address.instance in places or server.info.primary in places


async def _group_of(server: ServerSurvey) -> SentinelSurvey | None:
    for address in server.sentinels:
        for way in (without_login(server.section), server.section):
            try:
                sentinel = await survey_server(at(way, address))
            except TargetError:
                continue
            if sentinel.is_sentinel:
                watched, others = await _watched_by(sentinel.section)
                return await _survey_group(server.section, sentinel, watched, others)
    return None
