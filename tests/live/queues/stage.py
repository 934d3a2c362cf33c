"""Plays scenes: programs that drive a real framework into a state, report it, and wait to be told to go
on."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from tests.live.queues import environments

SCENES: Final = Path(__file__).with_name("scenes")
_STEP_SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene, and how its program is started: (URL of the server) -> command line and environment."""

    name: str
    start: Callable[[str], tuple[Sequence[str], dict[str, str]]]

    @contextlib.contextmanager
    def play(self, url: str) -> Iterator[Iterator[dict[str, Any]]]:
        """The steps of the scene, as the program reports them.

        A step that names a `pid` has that process killed with -9 when the next one is asked for. Whatever was
        started is ended with the block.
        """
        command, environment = self.start(url)
        complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed below, after the processes)
        process = subprocess.Popen(
            command,
            cwd=SCENES,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            start_new_session=True,
        )
        try:
            yield _steps(self.name, process, complaints)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            complaints.close()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):
                    pipe.close()


def _steps(name: str, process: "subprocess.Popen[str]", complaints: IO[str]) -> Iterator[dict[str, Any]]:
    assert process.stdin is not None
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_pump, args=(process, lines), daemon=True).start()
    while (line := _next_line(name, process, lines, complaints)) is not None:
        step = json.loads(line)
        yield step
        if "pid" in step:
            os.kill(step["pid"], signal.SIGKILL)
        process.stdin.write("\n")
        process.stdin.flush()


def _pump(process: "subprocess.Popen[str]", lines: "queue.Queue[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        # Frameworks print too; a report is a line of JSON.
        if line.startswith("{"):
            lines.put(line)


def _next_line(
    name: str, process: "subprocess.Popen[str]", lines: "queue.Queue[str]", complaints: IO[str]
) -> str | None:
    deadline = time.monotonic() + _STEP_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(queue.Empty):
            return lines.get(timeout=0.1)
        if process.poll() is not None and lines.empty():
            if process.returncode:
                complaints.seek(0)
                raise RuntimeError(f"scene {name} failed:\n{complaints.read()[-4000:]}")
            return None
    raise TimeoutError(f"scene {name} did not report a step within {_STEP_SECONDS:.0f} s")


def _node(script: str, module: str, name: str = "") -> Scene:
    def start(url: str) -> tuple[Sequence[str], dict[str, str]]:
        modules = environments.node_modules()
        return ["node", script, module, url], {"NODE_PATH": str(modules)}

    return Scene(name or module, start)


def _python(name: str, script: str = "", *options: str) -> Scene:
    def start(url: str) -> tuple[Sequence[str], dict[str, str]]:
        interpreter = environments.python(name)
        return [str(interpreter), script or f"{name}_scene.py", url, *options], {
            "PYTHONPATH": str(SCENES),
            "PYTHONUNBUFFERED": "1",
        }

    plain = script or (f"{name}-python" if name == "bullmq" else name)
    return Scene("-".join([plain, *options]), start)


def _plain(name: str, program: str, script: str) -> Scene:
    """One whose framework is Debian's."""
    return Scene(name, lambda url: ([program, script, url], {}))


NODE_SCENES: Final = (
    _node("bullmq.js", "bullmq5"),
    _node("bullmq.js", "bullmq6"),
    _node("bull.js", "bull3"),
    _node("bull.js", "bull4"),
    _node("bee.js", "bee-queue"),
    _node("resque.js", "node-resque"),
    _node("kue.js", "kue"),
    _node("rsmq.js", "rsmq"),
)
CELERY_SCENES: Final = tuple(
    _python("celery", "celery_counters_scene.py", acknowledged) for acknowledged in ("early", "late")
)
LIMIT_SCENES: Final = (_node("bullmq_limits.js", "bullmq5"), _node("bullmq_limits.js", "bullmq6"))
FAILING_SCENES: Final = (_node("bull_failing.js", "bull3"), _node("bull_failing.js", "bull4"))
BURST_SCENES: Final = (_node("bullmq_burst.js", "bullmq5"), _node("bullmq_burst.js", "bullmq6"))
PYTHON_SCENES: Final = tuple(_python(name) for name in environments.PYTHON_PACKAGES)
SIDEKIQ_SCENE: Final = _plain("sidekiq", "ruby", "sidekiq_scene.rb")
LARAVEL_SCENE: Final = _plain("laravel", "php", "laravel_scene.php")
SYMFONY_SCENE: Final = _plain("symfony", "php", "symfony_scene.php")
# Queues of any name, and queues that are in one state only.
NAME_SCENES: Final = tuple(
    _node("names.js", module, f"names-{module}") for module in ("bullmq5", "bullmq6", "bull3", "bull4")
)
LONE_SCENES: Final = tuple(
    _python(name, f"{name}_lone.py") for name in ("celery", "rq", "arq", "saq", "dramatiq", "huey", "taskiq")
)
LONE_NODE_SCENES: Final = (
    _node("bee_lone.js", "bee-queue", "bee-lone"),
    _node("resque_lone.js", "node-resque", "resque-lone"),
)
LONE_SIDEKIQ_SCENE: Final = _plain("sidekiq-lone", "ruby", "sidekiq_lone.rb")
