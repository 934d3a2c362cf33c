"""Primaries and their replicas, each once, whichever of them was named."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from exporter.config.url import parse_server_url
from exporter.errors import TargetError
from exporter.model.target import Address
from exporter.survey.asking import at, reach
from exporter.survey.findings import Neighbour, Replication, ServerSurvey
from exporter.survey.server import survey_server

_REPLICA_ROLES: Final = frozenset({"slave", "replica"})
_MOST_REPLICAS: Final = 200


def is_replica(server: ServerSurvey) -> bool:
    """Whether it copies another server."""
    return server.info.role in _REPLICA_ROLES


async def survey_replication(servers: Sequence[ServerSurvey]) -> Sequence[Replication]:
    """These servers with their replicas; those that were named and are a replica of one stand there."""
    found: list[Replication] = []
    # Primaries first: a replica that they tell of needs no entry of its own.
    for server in sorted(servers, key=is_replica):
        if not any(_holds(one, server) for one in found):
            found.append(await _survey_one(server))
    return [_without_doubles(one, servers) for one in found]


def _holds(replication: Replication, server: ServerSurvey) -> bool:
    ids = {replication.server.info.run_id, *(replica.name for replica in replication.replicas)}
    return bool(server.info.run_id) and server.info.run_id in ids


async def _survey_one(server: ServerSurvey) -> Replication:
    if not is_replica(server):
        return Replication(server=server, replicas=await _replicas(server))
    address = _address(server.info.primary, server.address)
    if address is None:
        return Replication(server=server)
    try:
        primary = await survey_server(at(server.section, address))
    except TargetError as error:
        return Replication(server=server, problem=f"its primary cannot be asked: {error}")
    if is_replica(primary):
        return Replication(server=server, problem=f"it copies {address.instance}, which is a replica, too")
    return Replication(server=primary, replicas=await _replicas(primary))


async def _replicas(primary: ServerSurvey) -> Sequence[Neighbour]:
    places = [_address(place, primary.address) for place in sorted(primary.info.replicas)[:_MOST_REPLICAS]]
    addresses = [address for address in places if address is not None]
    answers = await reach([at(primary.section, address).to_target() for address in addresses])
    return [
        Neighbour(address, "replica", problem, run_id)
        for address, (run_id, problem) in zip(addresses, answers, strict=True)
    ]


def _without_doubles(replication: Replication, named: Sequence[ServerSurvey]) -> Replication:
    """A replica that was named keeps the address by which it was."""
    by_id = {server.info.run_id: server.address for server in named if server.info.run_id}
    replicas = [
        replace(replica, address=by_id.get(replica.name, replica.address)) for replica in replication.replicas
    ]
    return replace(replication, replicas=replicas)


def _address(place: str, asked: Address) -> Address | None:
    """The address of `host:port` as INFO has it, reached as who was asked; None for anything else."""
    host, _, port = place.rpartition(":")
    try:
        named = parse_server_url(f"redis://[{host}]:{port}" if ":" in host else f"redis://{host}:{port}")
    except ValueError:
        return None
    return replace(named.address, tls=asked.tls)
