"""The Dockerfile, built by a real builder, and what a container of the image does."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

import exporter
from tests.conftest import StartServer
from tests.deploy.image import Builder
from tests.deploy.readme import DEPLOY, ROOT, commands_of
from tests.live.daemon import wait_until
from tests.servers import free_port

README: Final = DEPLOY / "docker" / "README.md"
NAME: Final = "redis-vigil"


def test_the_readme_builds_the_dockerfile_of_the_project() -> None:
    (build,) = commands_of(README, "Build")
    assert build == f"docker build --tag {NAME} ."
    assert (ROOT / "Dockerfile").exists()


def test_the_containers_of_the_readme_are_locked_up_and_keep_their_state() -> None:
    runs = [line for line in commands_of(README, "Run") if "--detach" in line]
    assert len(runs) == 2
    for line in runs:
        assert "--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges" in line
        assert "--volume redis-vigil:/data" in line


def test_the_readme_names_what_the_image_has() -> None:
    text = README.read_text()
    dockerfile = (ROOT / "Dockerfile").read_text()
    for name in ("65532", "/config", "/data", "9121", "REDIS_VIGIL_STORAGE_PATH", "ARG VERSION", "ARG BASE"):
        assert name in dockerfile
        assert name.removeprefix("ARG ") in text


@dataclass(frozen=True, slots=True)
class Image:
    """The image as a container sees it, and its configuration."""

    root: Path
    configuration: dict[str, Any]

    def command(self, *arguments: str) -> list[str]:
        """What a container runs: the entry point with the arguments, as the image's user."""
        entry = self.configuration["Entrypoint"]
        return [*self._enter(), *entry, *(arguments or self.configuration["Cmd"])]

    def _enter(self) -> list[str]:
        chroot = ["chroot", f"--userspec={self.configuration['User']}", "--groups=", str(self.root)]
        return [*chroot, "env", "-C", self.configuration["WorkingDir"]]

    def environment(self, **variables: str) -> dict[str, str]:
        """The image's variables with those of `docker run --env`."""
        pairs = (pair.partition("=") for pair in self.configuration["Env"])
        return {**{name: value for name, _, value in pairs}, **variables}

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a container to its end."""
        return self._run(self.command(*arguments), variables)

    def run_healthcheck(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the image's health check in a container."""
        kind, *command = self.configuration["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self._run([*self._enter(), *command], variables)

    def _run(self, command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = self.environment(**variables)
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )


@contextmanager
def built(directory: Path) -> Iterator[Image]:
    """The image of the Dockerfile as it is now."""
    builder = Builder(directory)
    builder.build_base()
    builder.build("--tag", NAME, "--build-arg", "REVISION=0123abc")
    inspected = json.loads(builder.run("inspect", "--type", "image", NAME))
    root = builder.mount(NAME)
    for device in ("null", "urandom"):
        # In a container they are there.
        (root / "dev" / device).unlink(missing_ok=True)
        numbers = os.stat(f"/dev/{device}").st_rdev
        os.mknod(root / "dev" / device, 0o020666, numbers)
        (root / "dev" / device).chmod(0o666)
    yield Image(root, inspected["Docker"]["config"])
    builder.remove()


@pytest.mark.live
@pytest.mark.peers("root", "buildah", "mmdebstrap")
def test_the_dockerfile_builds_an_image_that_does_what_its_readme_says(
    start_server: StartServer, tmp_path: Path
) -> None:
    # One test, since the image takes minutes, and tests of one file may run in several processes.
    (tmp_path / "buildah").mkdir()
    with built(tmp_path / "buildah") as image:
        check_what_it_holds(image)
        check_what_it_takes(image)
        url = start_server().url
        check_a_container(image, tmp_path / "variable", {"REDIS_URL": url}, ["run"])
        check_a_container(image, tmp_path / "option", {}, ["--redis", url])
        config = image.root / "config" / "config.yml"
        config.write_text(f"targets: [{{url: '{url}', instance: file}}]\n")
        check_a_container(image, tmp_path / "file", {}, ["run"])
        check_a_container(image, tmp_path / "json", {}, ["--log.json", "run"])


def check_what_it_holds(image: Image) -> None:
    """The user, the volume, the labels, and nothing of the build."""
    config = image.configuration
    assert config["User"] == "65532:65532"
    assert list(config["Volumes"]) == ["/data"]
    assert list(config["ExposedPorts"]) == ["9121/tcp"]
    assert config["Labels"]["org.opencontainers.image.revision"] == "0123abc"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert config["Healthcheck"]["Test"] == ["CMD", "healthcheck"]
    assert (image.root / "data").stat().st_uid == 65532
    # Nothing of the build, and nothing to install more with.
    assert not (image.root / "src").exists()
    assert not (image.root / "opt/redis-vigil/bin/pip").exists()
    size = sum(path.stat().st_blocks * 512 for path in (image.root / "opt").rglob("*") if path.is_file())
    assert size < 150 << 20


def check_what_it_takes(image: Image) -> None:
    """Commands and options; and a word where there is nothing to watch."""
    assert image.run("--version").stdout == f"redis-vigil {exporter.__version__}\n"
    assert image.run("check", "config", "missing.yml").returncode == 1
    nothing = image.run()
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert nothing.stderr.startswith(
        "redis-vigil: nothing to watch: mount a directory with config.yml at /config"
    )


def check_a_container(image: Image, log: Path, variables: dict[str, str], arguments: list[str]) -> None:
    """A container watches the server it is told, is healthy while it runs, and ends well."""
    port = free_port()
    arguments = [*arguments, "--web.listen-address", f"127.0.0.1:{port}"]
    health = {"REDIS_VIGIL_HEALTH_URL": f"http://127.0.0.1:{port}/-/healthy"}
    with log.open("wb") as output:
        environment = image.environment(**variables)
        process = subprocess.Popen(image.command(*arguments), env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: "target is up" in log.read_text(), 60, "the server is up")
        assert list((image.root / "data").iterdir())
        check = image.run_healthcheck(**health)
        assert (check.returncode, check.stdout) == (0, "")
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()
    check = image.run_healthcheck(**health)
    assert check.returncode == 1
    assert check.stdout.startswith(health["REDIS_VIGIL_HEALTH_URL"])
