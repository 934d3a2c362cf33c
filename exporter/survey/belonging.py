"""Finds what belongs to the servers that were named: clusters, Sentinels, primaries and replicas."""

import asyncio
from collections.abc import Sequence

from exporter.errors import TargetError
from exporter.survey.clusters import survey_clusters
from exporter.survey.findings import Findings, Named, ServerSurvey, Unanswered
from exporter.survey.replication import survey_replication
from exporter.survey.sentinels import find_watching, survey_sentinels
from exporter.survey.server import survey_named


async def survey(named: Sequence[Named]) -> Findings:
    """Ask these servers, and whom they know. Who does not answer is among the findings, too."""
    asked = await asyncio.gather(*map(_ask, named))
    unanswered = [one for one in asked if isinstance(one, Unanswered)]
    servers = [one for one in asked if isinstance(one, ServerSurvey)]
    if unanswered:
        return Findings(unanswered=unanswered)
    nodes = [server for server in servers if server.is_cluster_node]
    pairs = zip(named, servers, strict=True)
    sentinels = [(one.given, server) for one, server in pairs if server.is_sentinel]
    alone = [server for server in servers if not (server.is_sentinel or server.is_cluster_node)]
    groups = await survey_sentinels(sentinels)
    watched, others = await find_watching(alone, groups)
    return Findings(
        replications=await survey_replication(others),
        clusters=await survey_clusters(nodes),
        sentinels=[*groups, *watched],
    )


async def _ask(named: Named) -> ServerSurvey | Unanswered:
    try:
        return await survey_named(named)
    except TargetError as error:
        # The error of one reply does not say whose it is.
        where, text = str(named.given.to_target().address), str(error)
        message = text if text.startswith(where) else f"{where}: {text}"
        return Unanswered(named.given, error.reason, message)
