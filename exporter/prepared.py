"""`Prepared`: holds a plan and everything that can fail of it, built before anything that runs is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.alerting.integration import Integration
from exporter.config.alertmanager.receivers import Receiver
from exporter.discovery.base import Source
from exporter.discovery.manager import build_sources
from exporter.notify.slack_messages import Messages
from exporter.reload import Plan


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with the sources of servers, and the integrations by the names of receivers."""

    plan: Plan
    sources: Sequence[Source]
    integrations: Mapping[str, Sequence[Integration]]

    def integrations_of(self, receiver: Receiver, /) -> Sequence[Integration]:
        """What a receiver sends with."""
        return self.integrations[receiver.name]


def prepare(plan: Plan, messages: Messages) -> Prepared:
    """Build what a plan asks for. `messages` remembers what stands in Slack.

    Raises `ConfigError`. Takes its time: call it in a thread where others wait.
    """
    make = plan.routing.bind(messages)
    integrations = {receiver.name: make(receiver) for receiver in plan.routing.config.receivers}
    return Prepared(plan, build_sources(plan.config.discovery), integrations)
