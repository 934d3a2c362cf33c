"""Files for Prometheus and Alertmanager: what their own tools say, and the README followed."""

import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from shutil import copytree
from typing import Any, Final

import pytest
import yaml

from tests.conftest import StartServer
from tests.deploy.readme import DEPLOY, commands_of, own_environment
from tests.live.daemon import Daemon, wait_until
from tests.peers import require_program
from tests.servers import free_port

FOLDER: Final = DEPLOY / "prometheus"


def followed(readme: Path, cwd: Path, folder: Path) -> None:
    """Run all commands of a README in a folder, `redis-vigil` being the one of this checkout."""
    environment = own_environment(folder)
    commands = commands_of(readme)
    assert commands
    for command in commands:
        done = subprocess.run(
            ["bash", "-euc", command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.mark.peers("promtool")
def test_the_readme_of_prometheus_works(tmp_path: Path) -> None:
    copytree(FOLDER, tmp_path / "prometheus")
    followed(FOLDER / "README.md", tmp_path / "prometheus", tmp_path)
    assert list((tmp_path / "prometheus" / "rules").glob("*.yml"))


@pytest.mark.peers("amtool")
def test_the_readme_of_alertmanager_works(tmp_path: Path) -> None:
    followed(DEPLOY / "alertmanager" / "README.md", DEPLOY / "alertmanager", tmp_path)


@pytest.mark.peers("promtool")
def test_promtool_accepts_every_file(tmp_path: Path) -> None:
    promtool = require_program("promtool")
    for kind, names in (("config", ["http_sd.yml"]), ("rules", ["redis-vigil-down.yml"])):
        for name in names:
            done = subprocess.run(
                [promtool, "check", kind, FOLDER / name], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.peers("promtool")
def test_the_alert_on_the_daemon_fires_when_it_is_down_or_gone(tmp_path: Path) -> None:
    labels = {"severity": "critical"}
    expected = [{"exp_labels": labels | {"job": "redis", "instance": "vigil:9121"}}]
    tests: list[dict[str, Any]] = [
        {
            "interval": "1m",
            "input_series": [{"series": 'up{job="redis",instance="vigil:9121"}', "values": "1 1 0 0 0 0"}],
            "alert_rule_test": [
                {"eval_time": "3m", "alertname": "RedisVigilDown", "exp_alerts": []},
                {"eval_time": "5m", "alertname": "RedisVigilDown", "exp_alerts": expected},
            ],
        },
        {
            "interval": "1m",
            "input_series": [],
            "alert_rule_test": [
                {"eval_time": "3m", "alertname": "RedisVigilDown", "exp_alerts": [{"exp_labels": labels}]}
            ],
        },
    ]
    (rule,) = yaml.safe_load((FOLDER / "redis-vigil-down.yml").read_text())["groups"][0]["rules"]
    for test in tests:
        for case in test["alert_rule_test"]:
            for alert in case["exp_alerts"]:
                alert["exp_annotations"] = rule["annotations"]
    (tmp_path / "test.yml").write_text(
        yaml.safe_dump({"rule_files": [str(FOLDER / "redis-vigil-down.yml")], "tests": tests})
    )
    done = subprocess.run(
        [require_program("promtool"), "test", "rules", tmp_path / "test.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.live
@pytest.mark.peers("prometheus")
@pytest.mark.parametrize("name", ["prometheus.yml", "http_sd.yml"])
def test_a_prometheus_with_the_file_knows_each_server(
    start_server: StartServer, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "prometheus"
    copytree(FOLDER, folder)
    (tmp_path / "config.yml").write_text(f"targets: [{{url: '{start_server().url}', instance: shop}}]\n")
    port = free_port()
    with Daemon(tmp_path, "--config", str(tmp_path / "config.yml")) as daemon:
        text = (folder / name).read_text().replace("redis-vigil:9121", f"127.0.0.1:{daemon.port}")
        (folder / name).write_text(text.replace("interval: 15s", "interval: 1s"))
        command = [str(require_program("prometheus")), f"--config.file={folder / name}"]
        options = [f"--storage.tsdb.path={tmp_path / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"]
        with (tmp_path / "prometheus.log").open("wb") as log:
            process = subprocess.Popen([*command, *options], stdout=log, stderr=log)
        try:
            wait_until(lambda: "shop" in up(port), 60, "Prometheus knows the server")
        finally:
            process.terminate()
            process.wait(20)


def up(port: int) -> str:
    """What this Prometheus says of `redis_up` of the job for servers."""
    query = urllib.parse.urlencode({"query": 'redis_up{job="redis"}==1'})
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=5) as response:
            return str(response.read(), "utf-8")
    except OSError:
        return ""
