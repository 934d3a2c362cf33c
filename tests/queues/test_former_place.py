"""A framework of another package that imports the former place of ours still works, and is told."""

import subprocess
import sys

_OLD = """
from exporter.samplers.queues.base import Found, Framework
from exporter.samplers.queues.model import QueueId
from exporter.samplers.queues import vocabulary
import exporter.queues.base, exporter.queues.model, exporter.queues.vocabulary

assert Framework is exporter.queues.base.Framework
assert Found is exporter.queues.base.Found
assert QueueId is exporter.queues.model.QueueId
assert vocabulary is exporter.queues.vocabulary
"""


def test_the_former_place_hands_out_the_same_classes_and_warns() -> None:
    # A process of its own: what one has imported is not imported, and warned about, again.
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", _OLD], capture_output=True, text=True, check=True
    )
    assert "DeprecationWarning: exporter.samplers.queues is now exporter.queues" in done.stderr


def test_our_own_code_does_not_import_the_former_place() -> None:
    subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            "import exporter.cli, exporter.samplers.registry, exporter.app",
        ],
        check=True,
    )
