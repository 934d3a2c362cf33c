"""Frameworks of other packages that are written with the names of release 0.1, for one release."""

from collections.abc import Sequence
from typing import Any
from warnings import warn

from exporter.queues.base import CandidateKeys, Found, Framework, KeyPattern, ReadContext
from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId, Reading
from exporter.queues.steps import Steps


class FormerFramework:
    """A framework whose `key_patterns` are called `signposts`."""

    def __init__(self, framework: Any) -> None:
        self._framework = framework
        self.name: str = framework.name

    @property
    def key_patterns(self) -> Sequence[KeyPattern]:
        """See `Framework`."""
        found: Sequence[KeyPattern] = self._framework.signposts
        return found

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        steps: Steps[Sequence[Found]] = self._framework.find(seen, context)
        return steps

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        steps: Steps[Sequence[Reading]] = self._framework.read(queues, context)
        return steps

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return str(self._framework.label(queue))


def adapt(framework: Framework) -> Framework:
    """Return the framework itself, or an adapter where it is written for release 0.1."""
    if hasattr(framework, "key_patterns") or not hasattr(framework, "signposts"):
        return framework
    warn(
        f"{type(framework).__name__}.signposts of a queue framework is now key_patterns",
        DeprecationWarning,
        stacklevel=2,
    )
    return FormerFramework(framework)
