"""Queues of job frameworks, plain lists and streams: found by themselves, read in a few round trips."""

from exporter.config.samplers.queues import QueuesSection
from exporter.queues.families import FAMILIES
from exporter.queues.handover import HeldQueues
from exporter.queues.records import QueueRecords
from exporter.queues.report import QueueReport
from exporter.queues.sampler import QueuesSampler
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.queue_keys import QueueKeys

__all__ = ["SPEC", "QueueRecords", "QueueReport", "QueuesSampler", "build_spec"]


def build_spec(records: QueueRecords | None = None) -> SamplerSpec[QueuesSection]:
    """The registry's entry; with `records`, known queues outlive the process."""

    def build(context: SamplerContext[QueuesSection]) -> QueuesSampler:
        return QueuesSampler(context, records)

    return SamplerSpec(
        "queues",
        QueuesSection,
        FAMILIES,
        build,
        own_connection=True,
        command="SCAN",
        provides=(HeldQueues, QueueKeys),
    )


SPEC = build_spec()
