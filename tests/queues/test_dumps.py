"""Every recorded state of a real framework is read as its own counting functions told it."""

from pathlib import Path

import pytest

from tests.fake_server import AnyServer
from tests.queues import recorded
from tests.queues.conftest import Load
from tests.queues.reading import differences, read_queues
from tests.servers import RealServer

# Their streams need XSETID, which fakeredis does not have.
REAL_ONLY = [path for path in recorded.all_dumps() if path.stem.startswith("symfony")]


@pytest.mark.parametrize(
    "path", [path for path in recorded.all_dumps() if path not in REAL_ONLY], ids=lambda path: path.stem
)
def test_a_recorded_state_is_read_as_the_framework_counts_it(
    path: Path, load_either_dump: Load, either_server: AnyServer
) -> None:
    expected = load_either_dump(path)
    assert differences(expected, read_queues(either_server.url, expected["at"])) == []


@pytest.mark.parametrize("path", REAL_ONLY, ids=lambda path: path.stem)
def test_recorded_streams_are_read_as_the_framework_counts_them(
    path: Path, load_dump: Load, empty_server: RealServer
) -> None:
    expected = load_dump(path)
    assert differences(expected, read_queues(empty_server.url, expected["at"])) == []


def test_there_are_dumps_of_every_framework_that_was_recorded() -> None:
    frameworks = {recorded.load(path)["expected"]["framework"] for path in recorded.all_dumps()}
    assert frameworks == {
        "arq",
        "bee-queue",
        "bull",
        "bullmq",
        "celery",
        "dramatiq",
        "gocraft-work",
        "huey",
        "kue",
        "laravel",
        "resque",
        "rq",
        "rsmq",
        "saq",
        "sidekiq",
        "symfony",
        "taskiq",
        "tasktiger",
    }
