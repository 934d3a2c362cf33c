"""A first look at servers that nobody has configured yet: what they are, and who belongs to them.

Everything is read only, and has a deadline.
"""

from exporter.survey.belonging import survey
from exporter.survey.findings import (
    ClusterSurvey,
    Findings,
    Named,
    Neighbour,
    QueueLook,
    Replication,
    SentinelSurvey,
    ServerSurvey,
    Unanswered,
)
from exporter.survey.services import Service

__all__ = [
    "ClusterSurvey",
    "Findings",
    "Named",
    "Neighbour",
    "QueueLook",
    "Replication",
    "SentinelSurvey",
    "ServerSurvey",
    "Service",
    "Unanswered",
    "survey",
]
