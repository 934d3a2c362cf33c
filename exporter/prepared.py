"""`Prepared`: holds a plan and everything that can fail of it, built before anything that runs is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.check.plan import warnings_of
from exporter.config.alertmanager.receivers import Receiver
from exporter.config.main import Config
from exporter.discovery.base import Source
from exporter.discovery.manager import build_sources
from exporter.log import get_logger
from exporter.notify.integration import Integration
from exporter.notify.pictures import AlertPictures
from exporter.notify.slack_messages import Messages
from exporter.reload import Plan

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with the sources of servers, and the integrations by the names of receivers.

    `warnings`: what is valid in its files, and yet cannot be meant, one line each.
    """

    plan: Plan
    sources: Sequence[Source]
    integrations: Mapping[str, Sequence[Integration]]
    warnings: Sequence[str] = ()

    def integrations_of(self, receiver: Receiver, /) -> Sequence[Integration]:
        """Return the integrations of a receiver."""
        return self.integrations[receiver.name]


@dataclass(slots=True)
class InForce:
    """The plan that runs; a reload replaces it. Of keys that need a restart it has the values that run."""

    prepared: Prepared

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.prepared.plan

    @property
    def config(self) -> Config:
        """Its configuration."""
        return self.prepared.plan.config


def prepare(plan: Plan, messages: Messages, pictures: AlertPictures | None = None) -> Prepared:
    """Build what a plan asks for. `messages` remembers what stands in Slack, `pictures` draws alerts.

    Raises `ConfigError`. Takes its time: call it in a thread where others wait.
    """
    factory = plan.routing.integration_factory(messages, pictures)
    integrations = {receiver.name: factory(receiver) for receiver in plan.routing.config.receivers}
    return Prepared(plan, build_sources(plan.config.discovery), integrations, _warnings(plan))


def _warnings(plan: Plan) -> Sequence[str]:
    """Return the warnings; a bug in one of the checks must not keep a valid configuration from running."""
    try:
        return warnings_of(plan)
    except Exception:
        log.exception("the configuration could not be checked for warnings")
        return ()
