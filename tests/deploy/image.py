"""The image of the Dockerfile, built by buildah: no daemon and no registry is needed for that.

Its base, python:…-slim, cannot be pulled everywhere: a minimal Debian with its Python stands for it, made
once and kept.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.deploy.readme import ROOT
from tests.peers import require_program

PACKAGES: Final = ("python3", "python3-venv", "python3-pip", "ca-certificates")
BASE: Final = "localhost/redis-vigil-base"
# What an image of Python has under these names.
_NAMES: Final = "ln -s /usr/bin/python3 /usr/local/bin/python && ln -s /usr/bin/pip3 /usr/local/bin/pip"
_REGISTRIES: Final = ("PIP_", "SSL_", "REQUESTS_")


def base_archive() -> Path:
    """The file system of the base as a tar archive, from the cache of this user where it is there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "redis-vigil"
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"base-{'-'.join(PACKAGES)}.tar"
    if not archive.exists():
        suite = _os_release()["VERSION_CODENAME"]
        part = archive.with_suffix(f".{os.getpid()}.part")
        options = ["--quiet", "--variant=minbase", "--format=tar", f"--include={','.join(PACKAGES)}"]
        _run([str(require_program("mmdebstrap")), *options, suite, str(part)])
        part.rename(archive)
    return archive


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}


@dataclass(frozen=True, slots=True)
class Builder:
    """buildah with its images in one directory."""

    directory: Path

    def run(self, *arguments: str, seconds: float = 600.0) -> str:
        """Run one command of buildah; its output."""
        place = [f"--root={self.directory}/root", f"--runroot={self.directory}/run", "--storage-driver=vfs"]
        return _run([str(require_program("buildah")), *place, *arguments], seconds)

    def build_base(self) -> None:
        """Make the image that stands for Python's."""
        container = self.run("from", "scratch").strip()
        self.run("add", container, str(base_archive()), "/")
        certificates = Path("/etc/ssl/certs/ca-certificates.crt")
        if certificates.exists():
            self.run("copy", container, str(certificates), str(certificates))
        self.run("run", "--isolation=chroot", container, "--", "sh", "-c", _NAMES)
        self.run("commit", "--quiet", "--rm", container, BASE)

    def build(self, *arguments: str) -> None:
        """Build the Dockerfile as its README says, on that base."""
        names = [name for name in os.environ if name.startswith(_REGISTRIES)]
        environment = [f"--env={name}" for name in names]
        options = ["--isolation=chroot", "--pull-never", "--format=docker", f"--build-arg=BASE={BASE}"]
        self.run("build", *options, *environment, *arguments, str(ROOT))

    def mount(self, image: str) -> Path:
        """The file system of an image, to be looked at or run in."""
        return Path(self.run("mount", self.run("from", "--pull-never", image).strip()).strip())

    def remove(self) -> None:
        """Remove all of it; the archive of the base stays."""
        self.run("rm", "--all")
        shutil.rmtree(self.directory, ignore_errors=True)


def _run(command: list[str], seconds: float = 900.0) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\nexits with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout
