"""The Compose files: the specification's schema, what they promise, and the programs that they start."""

import json
import os
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

import exporter
from exporter.config.main import load_config
from tests.deploy.readme import DEPLOY, ROOT, commands_of
from tests.live.daemon import wait_until
from tests.peers import require_program
from tests.servers import free_port

FOLDER: Final = DEPLOY / "compose"
FILES: Final = ("compose.yaml", "full.yaml")
SCHEMA: Final = Path(__file__).parent / "schemas" / "compose-spec.json"
SECRETS: Final = "/run/secrets"


def parsed(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return found


def services() -> dict[str, dict[str, Any]]:
    """All services of both files together, as Compose merges these keys."""
    merged: dict[str, dict[str, Any]] = {}
    for name in FILES:
        for service, keys in parsed(name)["services"].items():
            merged[service] = {**merged.get(service, {}), **keys}
    return merged


@pytest.mark.parametrize("name", FILES)
def test_the_specification_accepts_the_files(name: str) -> None:
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(parsed(name))


@pytest.mark.peers("docker-compose")
@pytest.mark.parametrize("names", [FILES[:1], FILES], ids=["alone", "full"])
def test_compose_accepts_the_files(names: tuple[str, ...], tmp_path: Path) -> None:
    files = [argument for name in names for argument in ("--file", str(prepared(tmp_path) / name))]
    command = [str(require_program("docker-compose")), *files, "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_daemon_alone_is_the_default() -> None:
    assert list(parsed("compose.yaml")["services"]) == ["redis-vigil"]
    assert set(services()) == {"redis-vigil", "redis", "prometheus", "alertmanager", "grafana"}


def test_every_container_is_locked_up_and_bounded() -> None:
    for name, service in services().items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"mem_limit", "pids_limit", "logging", "restart"} <= set(service), name
        assert all(key != "privileged" for key in service), name
        # Nobody but this host reaches a port unless asked to.
        assert all(port.startswith("${LISTEN:-127.0.0.1}:") for port in service.get("ports", [])), name


def test_every_image_is_of_a_fixed_version_and_every_service_has_a_health_check() -> None:
    for name, service in services().items():
        assert re.search(r":v?\d+\.\d+\.\d+(-\w+)?$", service["image"]), name
        # The daemon's is in its Dockerfile.
        assert "healthcheck" in service or "build" in service, name
    assert services()["redis-vigil"]["image"] == f"redis-vigil:{exporter.__version__}"
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


def test_volumes_and_secrets_are_declared_and_files_are_there() -> None:
    volumes = {name for file in FILES for name in parsed(file)["volumes"]}
    secrets = {name for file in FILES for name in parsed(file)["secrets"]}
    made = {command.rpartition(" ")[2] for command in commands_of(FOLDER / "README.md", "Prepare")}
    assert {f"secrets/{name}" for name in secrets} <= made
    for name, service in services().items():
        assert set(service.get("secrets", [])) <= secrets, name
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (FOLDER / source).exists() if source.startswith(".") else source in volumes, mount


def test_no_secret_stands_in_a_file() -> None:
    text = "".join((FOLDER / name).read_text() for name in (*FILES, "config/config.yml", "config/full.yml"))
    assert not re.search(r"(?i)password(?!_file|__FILE|\")\w*: *[^\s/]", text.replace("redis_password:", ""))
    ignored = (FOLDER / "secrets" / ".gitignore").read_text().split()
    assert ignored == ["*", "!.gitignore"]


def prepared(folder: Path) -> Path:
    """The checkout's deploy/ and what its files mount, with what the README says to prepare done in it."""
    place = folder / "checkout"
    for name in ("deploy", "dashboards", "rules"):
        shutil.copytree(ROOT / name, place / name)
    shutil.copy(ROOT / "alertmanager.yml", place)
    compose = place / "deploy" / "compose"
    for secret in (compose / "secrets").iterdir():
        secret.unlink()
    for command in commands_of(FOLDER / "README.md", "Prepare"):
        subprocess.run(["bash", "-euc", command], cwd=compose, check=True, timeout=60)
    return compose


def test_the_daemon_takes_its_configurations(tmp_path: Path) -> None:
    compose = prepared(tmp_path)
    assert (compose / "secrets").stat().st_mode & 0o777 == 0o700
    for name, alertmanagers in (("config.yml", 0), ("full.yml", 1)):
        path = compose / "config" / name
        path.write_text(path.read_text().replace(SECRETS, str(compose / "secrets")))
        config = load_config(path)
        (target,) = config.targets
        password = target.to_target("redis").credentials.password
        assert password is not None
        assert len(config.alerting.alertmanagers) == alertmanagers
        # One of them notifies, never both.
        assert (config.alerting.config_file is None) == bool(alertmanagers)


@pytest.mark.peers("amtool")
def test_alertmanager_takes_its_file(tmp_path: Path) -> None:
    path = prepared(tmp_path) / "config" / "alertmanager.yml"
    assert f"--config.file=/config/{path.name}" in services()["alertmanager"]["command"]
    subprocess.run([require_program("amtool"), "check-config", path], check=True, capture_output=True)


@pytest.mark.peers("redis-server", "redis-cli")
def test_redis_takes_its_password_from_the_file(tmp_path: Path) -> None:
    compose = prepared(tmp_path)
    port = free_port()
    service = services()["redis"]
    place = f"--dir {tmp_path} --port {port} --bind 127.0.0.1"

    def here(text: str) -> str:
        text = text.replace("$$", "$").replace(SECRETS, str(compose / "secrets"))
        return text.replace("--dir /data", place).replace("redis-cli", f"redis-cli -p {port}")

    process = subprocess.Popen([here(part) for part in service["command"]])
    try:
        kind, check = service["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        wait_until(
            lambda: subprocess.run(["sh", "-c", here(check)], check=False).returncode == 0, 20, "healthy"
        )
        plain = ["redis-cli", "-p", str(port), "ping"]
        refused = subprocess.run(plain, capture_output=True, text=True, check=True)
        assert refused.stdout.startswith("NOAUTH")
        arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert (compose / "secrets" / "redis_password").read_bytes() not in arguments
    finally:
        process.terminate()
        process.wait(10)


def test_grafana_finds_its_dashboards_where_they_are_mounted() -> None:
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/redis-vigil.yml").read_text())
    path = provider["providers"][0]["options"]["path"]
    grafana = services()["grafana"]
    assert f"../../dashboards:{path}:ro" in grafana["volumes"]
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == path
    assert (ROOT / "dashboards" / home.name).exists()
    sources = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/redis-vigil.yml").read_text())
    hosts = {re.sub(r"http://([^:/]+).*", r"\1", source["url"]) for source in sources["datasources"]}
    assert hosts == {"redis-vigil", "prometheus"}


def test_the_commands_of_the_readme_name_files_and_services_that_there_are() -> None:
    commands = [line for line in commands_of(FOLDER / "README.md") if line.startswith("docker compose")]
    assert len(commands) >= 5
    for command in commands:
        words = command.split()
        for flag, name in pairwise(words):
            assert flag != "--file" or (FOLDER / name).exists(), command
    assert os.path.exists(FOLDER / "config" / "config.yml")
