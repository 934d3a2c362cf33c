"""A new framework takes four files of this project, or a module of another package and its entry point."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.servers import RealServer

ROOT: Final = Path(__file__).parents[2]
# A framework as somebody would write one: an index in a set, a list for each queue, a counter beside it.
MODULE: Final = '''
"""Toyqueue: names of queues in `toyqueue:queues`, jobs in lists `toyqueue:<name>`."""

import re
from collections.abc import Sequence

from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId, Reading
from exporter.queues.probes import find_members
from exporter.queues.replies import count, number
from exporter.queues.steps import Steps
from exporter.queues.vocabulary import State


class Toyqueue:
    """See the module."""

    name = "toyqueue"
    key_patterns = (KeyPattern("set", re.compile(rb"toyqueue:queues")),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return queue.name.decode()

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        (members,) = yield from find_members([b"toyqueue:queues"])
        return [Found(QueueId(self.name, b"toyqueue:", name, context.database)) for name in members]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    key = queue.id.base + queue.id.name
    waiting, added = yield [("LLEN", key), ("GET", key + b":added")]
    reading = Reading(added=number(added))
    reading.count(State.WAITING, count(waiting))
    return reading
'''


def fill(server: RealServer) -> None:
    server.client.sadd("toyqueue:queues", "mail", "sms")
    server.client.rpush("toyqueue:mail", "job", "job", "job")
    server.client.set("toyqueue:mail:added", 7)


def queues_of(server: RealServer, *places: Path, directory: Path = ROOT) -> dict[tuple[str, str], Any]:
    """What `redis-vigil queues` tells where Python finds modules in these places first."""
    done = subprocess.run(
        [sys.executable, "-m", "exporter", "queues", server.url, "--format", "json"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    reports = document["queues"] if isinstance(document, dict) else document
    return {(report["framework"], report["queue"]): report for report in reports}


def check_toyqueue(found: dict[tuple[str, str], Any]) -> None:
    mail = found["toyqueue", "mail"]
    assert (mail["jobs"], mail["added"]) == ({"waiting": 3}, 7)
    assert found["toyqueue", "sms"]["jobs"] == {"waiting": 0}


def test_another_package_brings_a_framework_along_by_an_entry_point(
    empty_server: RealServer, tmp_path: Path
) -> None:
    fill(empty_server)
    (tmp_path / "toyqueue_vigil.py").write_text(f"{MODULE}\n\ndef build(settings):\n    return Toyqueue()\n")
    metadata = tmp_path / "toyqueue_vigil-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toyqueue-vigil\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[redis_vigil.queue_frameworks]\ntoyqueue = toyqueue_vigil:build\n"
    )
    check_toyqueue(queues_of(empty_server, tmp_path))


def test_a_framework_inside_is_a_module_and_its_name_in_the_registry_and_in_the_configuration(
    empty_server: RealServer, tmp_path: Path
) -> None:
    # The fourth file is docs/queues.md.
    fill(empty_server)
    shutil.copytree(ROOT / "exporter", tmp_path / "exporter", ignore=shutil.ignore_patterns("__pycache__"))
    frameworks = tmp_path / "exporter" / "queues" / "frameworks"
    (frameworks / "toyqueue.py").write_text(f"{MODULE}\n\nFRAMEWORK = Toyqueue()\n")
    insert(frameworks / "registry.py", before="    tasktiger,\n", text="    toyqueue,\n")
    insert(frameworks / "registry.py", before="    tasktiger.FRAMEWORK,\n", text="    toyqueue.FRAMEWORK,\n")
    insert(
        tmp_path / "exporter" / "config" / "samplers" / "queues.py",
        before='    "tasktiger",\n',
        text='    "toyqueue",\n',
    )
    check_toyqueue(queues_of(empty_server, tmp_path, directory=tmp_path))


def insert(path: Path, *, before: str, text: str) -> None:
    content = path.read_text()
    assert content.count(before) == 1
    path.write_text(content.replace(before, text + before))


def test_without_it_the_framework_is_unknown(empty_server: RealServer) -> None:
    fill(empty_server)
    assert not [name for name, _ in queues_of(empty_server) if name == "toyqueue"]
