"""The manifests for Kubernetes: schemas, what the pod may do, and the README followed up to the cluster."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

import exporter
from exporter.config.alertmanager.config import load_alertmanager_config
from exporter.config.main import load_config
from tests.deploy.kubernetes import Manifest, by_kind, check_meeting, check_object, check_pod, objects_in
from tests.deploy.readme import DEPLOY, ROOT, commands_of, own_environment
from tests.peers import require_program

FOLDER: Final = DEPLOY / "kubernetes"
README: Final = FOLDER / "README.md"
COMPONENT: Final = FOLDER / "components" / "prometheus-operator"
MANIFESTS: Final = sorted(
    path
    for path in FOLDER.rglob("*.yaml")
    if path.name != "kustomization.yaml" and "overlays" not in path.parts
)


def manifest(path: Path) -> Manifest:
    (found,) = objects_in(path.read_text())
    return found


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_the_schemas_accept_every_manifest(path: Path) -> None:
    one = manifest(path)
    if one["kind"] == "Deployment":
        # kustomize writes both, from the labels of the kustomization.
        one["spec"]["selector"] = {"matchLabels": {"a": "b"}}
        one["spec"]["template"]["metadata"] = {"labels": {"a": "b"}}
    check_object(one)


def test_a_field_that_no_schema_knows_is_refused() -> None:
    for path in (FOLDER / "base" / "service.yaml", COMPONENT / "servicemonitor.yaml"):
        one = manifest(path)
        one["spec"]["selectr"] = {}
        with pytest.raises(Exception, match="selectr"):
            check_object(one)


def test_the_pod_is_locked_up() -> None:
    deployment = manifest(FOLDER / "base" / "deployment.yaml")
    check_pod(deployment)
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == f"redis-vigil:{exporter.__version__}"
    assert "USER 65532:65532" in (ROOT / "Dockerfile").read_text()


def test_every_manifest_is_in_its_kustomization() -> None:
    for kustomization in FOLDER.glob("*/**/kustomization.yaml"):
        listed = yaml.safe_load(kustomization.read_text())["resources"]
        folder = kustomization.parent
        found = {str(path.relative_to(folder)) for path in folder.rglob("*.yaml")} - {"kustomization.yaml"}
        assert found == {name for name in listed if not name.startswith("..")}, kustomization


def test_the_rules_are_those_of_the_command(tmp_path: Path) -> None:
    (command,) = commands_of(README, "Thresholds")
    copy = tmp_path / "kubernetes"
    shutil.copytree(COMPONENT, copy / "components" / COMPONENT.name)
    subprocess.run(["bash", "-euc", command], cwd=copy, check=True, env=own_environment(tmp_path))
    made, kept = (
        {path.name: path.read_text() for path in folder.glob("*.yaml")}
        for folder in (copy / "components" / COMPONENT.name / "rules", COMPONENT / "rules")
    )
    assert made == kept, f"run in {FOLDER}: {command}"
    assert {name.removeprefix("redis-vigil-") for name in kept} == {
        f"{path.stem}.yaml" for path in (ROOT / "rules").glob("*.yml")
    }


def test_the_alert_on_the_daemon_is_that_of_prometheus() -> None:
    rule = yaml.safe_load((DEPLOY / "prometheus" / "redis-vigil-down.yml").read_text())
    assert manifest(COMPONENT / "redis-vigil-down.yaml")["spec"] == rule


@pytest.mark.parametrize("folder", ["base", "overlays/example"])
def test_the_daemon_takes_the_configuration(folder: str, tmp_path: Path) -> None:
    config = shutil.copytree(FOLDER / folder / "config", tmp_path / "config")
    for name in ("secrets", "data"):
        (tmp_path / name).mkdir()
    for name in ("redis", "slack-url"):
        (tmp_path / "secrets" / name).write_text("https://hooks.example.com/x")
    for path in config.iterdir():
        text = path.read_text().replace(" /secrets/", f" {tmp_path}/secrets/")
        path.write_text(text.replace(" /data", f" {tmp_path}/data"))
    assert len(load_config(config / "config.yml").targets) == 1
    if (config / "alertmanager.yml").exists():
        assert load_alertmanager_config(config / "alertmanager.yml").receivers


@pytest.mark.peers("amtool")
def test_amtool_accepts_the_alertmanager_yml_of_the_overlay() -> None:
    path = FOLDER / "overlays" / "example" / "config" / "alertmanager.yml"
    subprocess.run([require_program("amtool"), "check-config", path], check=True, capture_output=True)


@pytest.mark.peers("kubectl")
def test_the_readme_leads_to_objects_that_fit_together(tmp_path: Path) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / "kubernetes")
    for command in commands_of(README, "Make it yours", "Look at it"):
        done = subprocess.run(
            ["bash", "-euc", command], cwd=copy, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    objects = objects_in(done.stdout)
    for one in objects:
        check_object(one)
        assert one["metadata"]["namespace"] == "monitoring"
    check_meeting(objects)
    deployment = by_kind(objects, "Deployment")
    check_pod(deployment)
    volumes = {volume["name"]: volume for volume in deployment["spec"]["template"]["spec"]["volumes"]}
    # Names with a hash: a change replaces the pod.
    config, secret = by_kind(objects, "ConfigMap"), by_kind(objects, "Secret")
    assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"] != "redis-vigil"
    assert volumes["secrets"]["secret"]["secretName"] == secret["metadata"]["name"] != "redis-vigil"
    assert set(config["data"]) == {"config.yml", "alertmanager.yml"}
    assert set(secret["data"]) == {"redis", "slack-url"}
