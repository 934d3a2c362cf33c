"""The real frameworks, each installed by its own package manager outside of the checkout.

The folder is `$VIGIL_QUEUE_PEERS`; what is installed there already is used as it is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

VARIABLE: Final = "VIGIL_QUEUE_PEERS"
_INSTALL_SECONDS: Final = 300

# npm names of the modules, with what they stand for.
NODE_PACKAGES: Final = {
    "bullmq5": "npm:bullmq@5.81.5",
    "bullmq6": "npm:bullmq@6.7.0",
    "bull3": "npm:bull@3.29.3",
    "bull4": "npm:bull@4.16.5",
    "bee-queue": "2.0.0",
    "ioredis": "5.6.1",
    "node-resque": "9.7.1",
    "kue": "0.11.6",
    "rsmq": "0.12.4",
}
# Each has an environment of its own: the versions of redis-py that they want exclude each other.
PYTHON_PACKAGES: Final = {
    "bullmq": ("bullmq==3.4.4",),
    "celery": ("celery[redis]==5.7.0",),
    "rq": ("rq==2.12.0",),
    "arq": ("arq==0.28.0",),
    "dramatiq": ("dramatiq[redis]==2.2.1",),
    "huey": ("huey==3.5.4", "redis"),
    "saq": ("saq[redis]==0.26.4", "typing-extensions"),
    "taskiq": ("taskiq==0.13.0", "taskiq-redis==1.2.4"),
    "tasktiger": ("tasktiger==0.26.3",),
}


def folder() -> Path:
    """Where the environments are; the variable must be set."""
    return Path(os.environ[VARIABLE]).resolve()


@cache
def node_modules() -> Path:
    """The modules for Node.js, installed if they are not there yet."""
    place = folder() / "node"
    manifest = json.dumps({"name": "peers", "private": True, "dependencies": NODE_PACKAGES}, indent=2)
    if not _is_installed(place, manifest):
        (place / "package.json").write_text(manifest)
        _run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], place)
        _mark_installed(place, manifest)
    return place / "node_modules"


@cache
def python(name: str) -> Path:
    """The interpreter of the environment of one framework, installed if it is not there yet."""
    place = folder() / f"python-{name}"
    wanted = " ".join(PYTHON_PACKAGES[name])
    interpreter = place / "bin" / "python"
    if not _is_installed(place, wanted):
        _run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(place)], place.parent)
        pip = [sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--quiet"]
        _run([*pip, "--disable-pip-version-check", *PYTHON_PACKAGES[name]], place)
        _mark_installed(place, wanted)
    return interpreter


def _is_installed(place: Path, wanted: str) -> bool:
    place.mkdir(parents=True, exist_ok=True)
    mark = place / "installed.txt"
    return mark.exists() and mark.read_text() == wanted


def _mark_installed(place: Path, wanted: str) -> None:
    (place / "installed.txt").write_text(wanted)


def _run(command: Sequence[str], place: Path) -> None:
    done = subprocess.run(
        command, cwd=place, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


if __name__ == "__main__":
    node_modules()
    for framework in PYTHON_PACKAGES:
        python(framework)
