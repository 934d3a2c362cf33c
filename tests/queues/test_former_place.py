"""A framework of another package that is written for the former place and names still works, and is told."""

import re
import subprocess
import sys
import warnings
from collections.abc import Sequence

import pytest

from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.frameworks.former import adapt
from exporter.queues.key_filter import KeyFilter
from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId, Reading
from exporter.queues.steps import Steps

_OLD = """
from exporter.samplers.queues.base import Found, Framework, Moment, Sightings, Signpost, read_each
from exporter.samplers.queues.foresight import foreseen
from exporter.samplers.queues.frameworks import lists
from exporter.samplers.queues.model import QueueId
from exporter.samplers.queues.replies import mapping, pairs, refusal
from exporter.samplers.queues import vocabulary
from exporter.queues import base, frameworks, model, prefetch, replies
import exporter.queues.vocabulary

assert (Framework, Found, read_each) == (base.Framework, base.Found, base.read_each)
assert (Moment, Sightings, Signpost) == (base.ReadContext, base.CandidateKeys, base.KeyPattern)
assert foreseen is prefetch.with_prefetch
assert lists is frameworks.lists
assert QueueId is model.QueueId
assert (pairs, refusal) == (replies.scored_members, replies.first_unsupported)
assert mapping is replies.field_map
assert vocabulary.State is exporter.queues.vocabulary.State
"""


def test_the_former_place_hands_out_the_same_classes_and_warns() -> None:
    # A process of its own: what one has imported is not imported, and warned about, again.
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", _OLD], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "DeprecationWarning: exporter.samplers.queues is now exporter.queues" in done.stderr


def test_our_own_code_does_not_import_the_former_place() -> None:
    modules = "import exporter.cli.commands, exporter.samplers.registry, exporter.app"
    subprocess.run([sys.executable, "-W", "error", "-c", modules], check=True)


class _Former:
    """A framework as release 0.1 wanted one."""

    name = "former"
    signposts = (KeyPattern("list", re.compile(rb"former:.+")),)

    def find(self, seen: CandidateKeys, moment: ReadContext) -> Steps[Sequence[Found]]:
        yield from ()
        return [Found(QueueId(self.name, b"", key, moment.database)) for key in seen.of("list")]

    def read(self, queues: Sequence[KnownQueue], moment: ReadContext) -> Steps[Sequence[Reading]]:
        replies = yield [("LLEN", queue.id.name) for queue in queues]
        readings = [Reading() for _ in replies]
        for reading in readings:
            reading.silent_workers = 2
        return readings

    def label(self, queue: QueueId) -> str:
        return queue.name.decode()


def test_a_framework_with_signposts_is_adapted_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="signposts of a queue framework is now key_"):
        framework = adapt(_Former())  # type: ignore[arg-type] # It is of the former protocol.
    names = KeyFilter([framework])
    names.begin()
    names.add([b"former:mail", b"other:mail"])
    assert list(names.pop(10)) == [b"former:mail"]
    queue = KnownQueue(QueueId("former", b"", b"former:mail"), "former:mail", 0.0)
    steps = framework.read([queue], None)  # type: ignore[arg-type] # It does not look at it.
    assert next(steps) == [("LLEN", b"former:mail")]
    with pytest.raises(StopIteration) as end:
        steps.send([3])
    assert [reading.stale_workers for reading in end.value.value] == [2]
    assert queue.foresight is queue.speculative_cache


def test_a_framework_of_today_is_taken_as_it_is() -> None:
    with pytest.warns(DeprecationWarning, match="signposts"):
        framework = adapt(_Former())  # type: ignore[arg-type] # It is of the former protocol.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert adapt(framework) is framework
