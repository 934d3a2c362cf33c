"""Clusters: all nodes, as those that were named list them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from exporter.config.discovery import ClusterSection
from exporter.discovery.base import Found
from exporter.discovery.cluster import ClusterSource
from exporter.errors import DiscoveryError
from exporter.sampling.facts import TargetFacts
from exporter.survey.asking import login_of, reach
from exporter.survey.findings import ClusterSurvey, Neighbour, ServerSurvey
from exporter.survey.queues import look_for_queues, together

# By this template the name of a node tells what it is.
_NAME: Final = "{role} {node_id}"
# Primaries in which queues are looked for, besides those that were named.
_MOST_LOOKED_AT: Final = 16


async def survey_clusters(nodes: Sequence[ServerSurvey]) -> Sequence[ClusterSurvey]:
    """The clusters that these nodes belong to, each once."""
    clusters: list[ClusterSurvey] = []
    for node in nodes:
        same = next((one for one in clusters if _has(one, node)), None)
        if same is None:
            clusters.append(await _survey_cluster(node))
        else:
            clusters[clusters.index(same)] = replace(same, seeds=[*same.seeds, node])
    return [_mapped(cluster) for cluster in clusters]


def _has(cluster: ClusterSurvey, node: ServerSurvey) -> bool:
    by_id = bool(node.node_id) and any(other.name == node.node_id for other in cluster.nodes)
    return by_id or any(other.address.instance == node.address.instance for other in cluster.nodes)


async def _survey_cluster(seed: ServerSurvey) -> ClusterSurvey:
    section = ClusterSection.model_validate(
        {**login_of(seed.section), "urls": (seed.section.url,), "instance": _NAME}
    )
    try:
        found = await ClusterSource(section).find()
    except DiscoveryError as error:
        nodes = [Neighbour(seed.address, seed.info.role, name=seed.node_id)]
        problem = f"does not tell its nodes: {error}"
        return ClusterSurvey(seeds=[seed], nodes=nodes, queues=seed.queues, problem=problem)
    problems = await reach([one.target for one in found])
    nodes = [_node(one, problem) for one, (_, problem) in zip(found, problems, strict=True)]
    others = [
        one.target
        for one, node in zip(found, nodes, strict=True)
        if node.role == "master" and not node.problem and node.name != seed.node_id
    ]
    looks = await asyncio.gather(
        *(look_for_queues(other, TargetFacts()) for other in others[:_MOST_LOOKED_AT])
    )
    return ClusterSurvey(seeds=[seed], nodes=nodes, queues=together([seed.queues, *looks]))


def _node(found: Found, problem: str) -> Neighbour:
    role, _, node_id = found.target.instance.partition(" ")
    return Neighbour(found.target.address, role, problem, node_id)


def _mapped(cluster: ClusterSurvey) -> ClusterSurvey:
    """Where a node cannot be reached as it announces itself, but as it was named, that is its address."""
    named = {seed.node_id: seed.address.instance for seed in cluster.seeds if seed.node_id}
    addresses = {
        node.address.instance: named[node.name]
        for node in cluster.nodes
        if node.problem and node.name in named and named[node.name] != node.address.instance
    }
    nodes = [
        replace(node, problem="") if node.address.instance in addresses else node for node in cluster.nodes
    ]
    queues = together([cluster.queues, *(seed.queues for seed in cluster.seeds[1:])])
    return replace(cluster, nodes=nodes, addresses=addresses, queues=queues)
