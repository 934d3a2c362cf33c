"""The Helm chart as helm renders it: schemas, toggles, what goes into the pod, and the README followed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from exporter.config.alertmanager.config import load_alertmanager_config
from exporter.config.main import load_config
from tests.deploy.kubernetes import Manifest, by_kind, check_meeting, check_object, check_pod, objects_in
from tests.deploy.readme import DEPLOY, ROOT, blocks_of, commands_of
from tests.peers import require_program

CHART: Final = DEPLOY / "helm" / "redis-vigil"
README: Final = CHART / "README.md"
# A helm that was not built by its own makefile takes the cluster for an old one.
CLUSTER: Final = ("--kube-version", "1.31.0")
EVERYTHING: Final[dict[str, Any]] = {
    "alertmanager": {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]},
    "ruleFiles": {"own.yml": {"groups": [{"name": "own", "rules": [{"record": "a", "expr": "1"}]}]}},
    "secrets": {"redis": "geheim"},
    "imagePullSecrets": [{"name": "registry"}],
    "persistence": {"storageClass": "fast", "annotations": {"helm.sh/resource-policy": "keep"}},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "hosts": ["vigil.example.com"],
        "tls": [{"secretName": "vigil-tls", "hosts": ["vigil.example.com"]}],
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "stack"}, "endpoint": {"scheme": "https"}},
    "prometheusRule": {
        "enabled": True,
        "groups": [{"name": "mine", "rules": [{"alert": "A", "expr": "vector(1)"}]}],
    },
    "dashboards": {"enabled": True, "annotations": {"grafana_folder": "Redis"}},
    "networkPolicy": {"enabled": True},
    "serviceAccount": {"automount": True, "annotations": {"a": "b"}},
    "rbac": {"create": True},
    "extraArgs": ["--log.json"],
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "extraVolumes": [{"name": "certificates", "secret": {"secretName": "ca"}}],
    "extraVolumeMounts": [{"name": "certificates", "mountPath": "/certificates"}],
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "data"},
    "commonLabels": {"owner": "us"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
    "priorityClassName": "high",
    "extraObjects": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-more"}}
    ],
}
pytestmark = pytest.mark.peers("helm")


def helm(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [str(require_program("helm")), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)


def rendered(folder: Path, values: dict[str, Any]) -> list[Manifest]:
    """The objects of a release `vigil` in the namespace `monitoring`."""
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    place = ["--namespace", "monitoring", "--values", str(folder / "values.yaml")]
    done = helm("template", "vigil", str(CHART), *place, *CLUSTER)
    assert done.returncode == 0, done.stderr
    return objects_in(done.stdout)


def kinds(objects: list[Manifest]) -> list[str]:
    return sorted({one["kind"] for one in objects})


def volumes_of(objects: list[Manifest]) -> dict[str, Manifest]:
    pod = by_kind(objects, "Deployment")["spec"]["template"]["spec"]
    return {volume["name"]: volume for volume in pod["volumes"]}


def config_of(objects: list[Manifest]) -> dict[str, str]:
    found: dict[str, str] = next(
        one
        for one in objects
        if one["kind"] == "ConfigMap" and one["metadata"]["name"] == "vigil-redis-vigil"
    )["data"]
    return found


def test_the_defaults_make_what_is_needed_and_no_more(tmp_path: Path) -> None:
    objects = rendered(tmp_path, {})
    assert kinds(objects) == ["ConfigMap", "Deployment", "PersistentVolumeClaim", "Service", "ServiceAccount"]
    for one in objects:
        check_object(one)
    check_pod(by_kind(objects, "Deployment"))
    check_meeting(objects)


def test_everything_at_once_is_good(tmp_path: Path) -> None:
    objects = rendered(tmp_path, EVERYTHING)
    for one in objects:
        check_object(one)
    check_meeting(objects)
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in objects]
    assert len(names) == len(set(names))
    assert {"Ingress", "NetworkPolicy", "PrometheusRule", "Role", "Secret", "ServiceMonitor"} <= set(
        kinds(objects)
    )
    pod = by_kind(objects, "Deployment")["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"] == ["--log.json", "run", "--config", "/config/config.yml"]
    assert ("ConfigMap", None, "vigil-more") in names


def test_the_daemon_takes_what_the_chart_writes(tmp_path: Path) -> None:
    data = config_of(rendered(tmp_path, EVERYTHING))
    rules = {"own.yml": yaml.safe_dump(EVERYTHING["ruleFiles"]["own.yml"])}
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yml").write_text(rules["own.yml"])
    for name, text in data.items():
        (tmp_path / name).write_text(text.replace(" /rules/", f" {tmp_path}/rules/"))
    config = load_config(tmp_path / "config.yml")
    assert [path.name for path in config.rule_paths or ()][-1] == "own.yml"
    assert len(config.rule_paths or ()) > 10
    assert config.alerting.config_file == tmp_path / "alertmanager.yml"
    assert load_alertmanager_config(tmp_path / "alertmanager.yml").receivers


def test_what_config_says_goes_first(tmp_path: Path) -> None:
    config = {"targets": [{"url": "redis://a:6379"}], "alerting": {"config_file": "mine.yml"}}
    values = EVERYTHING | {"config": config | {"rule_files": ["shipped"]}}
    written = yaml.safe_load(config_of(rendered(tmp_path, values))["config.yml"])
    assert written == values["config"]


def test_another_configuration_and_another_secret_replace_the_pod(tmp_path: Path) -> None:
    def annotations(values: dict[str, Any]) -> Any:
        return by_kind(rendered(tmp_path, values), "Deployment")["spec"]["template"]["metadata"][
            "annotations"
        ]

    before = annotations({"secrets": {"redis": "a"}})
    assert annotations({"secrets": {"redis": "a"}}) == before
    assert annotations({"secrets": {"redis": "b"}}) != before
    assert annotations({"secrets": {"redis": "a"}, "config": {"targets": [{"url": "redis://b"}]}}) != before


def test_a_secret_and_a_claim_that_are_there_are_used(tmp_path: Path) -> None:
    values = {"existingSecret": "mine", "secrets": {"a": "b"}, "persistence": {"existingClaim": "disk"}}
    objects = rendered(tmp_path, values)
    assert not {"Secret", "PersistentVolumeClaim"} & set(kinds(objects))
    volumes = volumes_of(objects)
    assert volumes["secrets"]["secret"]["secretName"] == "mine"
    assert volumes["data"]["persistentVolumeClaim"]["claimName"] == "disk"


def test_without_persistence_the_state_goes_with_the_pod(tmp_path: Path) -> None:
    objects = rendered(tmp_path, {"persistence": {"enabled": False}})
    assert "PersistentVolumeClaim" not in kinds(objects)
    assert volumes_of(objects)["data"] == {"name": "data", "emptyDir": {}}


def test_the_rules_and_the_dashboards_are_the_shipped_ones(tmp_path: Path) -> None:
    objects = rendered(tmp_path, EVERYTHING)
    rules = {
        one["metadata"]["name"].removeprefix("vigil-redis-vigil-"): one["spec"]["groups"]
        for one in objects
        if one["kind"] == "PrometheusRule"
    }
    shipped = {path.stem: path for path in (ROOT / "rules").glob("*.yml")}
    assert rules.keys() == shipped.keys() | {"down", "own"}
    for name, path in shipped.items():
        # Templates of alerts stay as they are.
        assert rules[name] == yaml.safe_load(path.read_text())["groups"]
    boards = [one for one in objects if "grafana_dashboard" in one["metadata"].get("labels", {})]
    texts = [text for one in boards for text in one["data"].values()]
    expected = [json.loads(path.read_text()) for path in sorted((ROOT / "dashboards").glob("*.json"))]
    assert sorted((json.loads(text) for text in texts), key=str) == sorted(expected, key=str)


def test_the_alert_on_the_daemon_alone(tmp_path: Path) -> None:
    (rule,) = (
        one
        for one in rendered(tmp_path, {"prometheusRule": {"enabled": True, "shipped": False}})
        if one["kind"] == "PrometheusRule"
    )
    (alert,) = rule["spec"]["groups"][0]["rules"]
    up = 'up{namespace="monitoring",job="vigil-redis-vigil"}'
    assert alert["expr"] == f"{up} == 0 or absent({up})"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"replicas": 2}, "replicas"),
        ({"ingress": {"enabled": True}}, "ingress.enabled needs a host name"),
        ({"service": {"type": "Loadbalancer"}}, "service.type"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(
    tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
    done = helm("template", str(CHART), "--values", str(tmp_path / "values.yaml"), *CLUSTER)
    assert done.returncode == 1
    assert message in done.stderr


def test_the_readme_works_up_to_the_cluster(tmp_path: Path) -> None:
    values = [block.text for block in blocks_of(README) if block.language == "yaml"]
    (tmp_path / "deploy").symlink_to(DEPLOY)
    (tmp_path / "my-values.yaml").write_text(values[0])
    commands = [
        line for line in commands_of(README, "Install") if line.startswith(("helm lint", "helm template"))
    ]
    assert len(commands) == 2
    for command in commands:
        done = helm(*command.split()[1:], *CLUSTER, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    objects = objects_in(done.stdout)
    for one in objects:
        check_object(one)
    names = {one["metadata"]["name"] for one in objects}
    assert names == {"vigil-redis-vigil"}
    # What the README restarts is there, and its Secret is used.
    assert "deployment/vigil-redis-vigil" in README.read_text()
    assert volumes_of(objects)["secrets"]["secret"]["secretName"] == "redis-vigil-secrets"
    for text in values[1:]:
        for one in rendered(tmp_path, yaml.safe_load(text)):
            check_object(one)


def notes(folder: Path, *values: str) -> str:
    """What helm would say after an installation; without a cluster it renders everything but that."""
    chart = folder / f"chart-{len(values)}"
    shutil.copytree(CHART, chart)
    text = (chart / "templates" / "NOTES.txt").read_text()
    (chart / "templates" / "_notes.tpl").write_text('{{ define "notes" }}' + text + "{{ end }}")
    shown = 'kind: ConfigMap\napiVersion: v1\ndata: {notes: {{ include "notes" . | quote }}}\n'
    (chart / "templates" / "shown.yaml").write_text(shown)
    sets = [argument for value in values for argument in ("--set", value)]
    place = ["--namespace", "monitoring", "--show-only", "templates/shown.yaml"]
    done = helm("template", "vigil", str(chart), *place, *sets, *CLUSTER)
    assert done.returncode == 0, done.stderr
    (one,) = objects_in(done.stdout)
    return str(one["data"]["notes"])


def test_the_notes_say_where_it_is_and_what_is_left_to_do(tmp_path: Path) -> None:
    text = notes(tmp_path)
    assert "kubectl --namespace monitoring port-forward service/vigil-redis-vigil 9121:9121\n" in text
    assert "Nobody is told of alerts yet" in text
    assert "are lost with the pod" not in text
    host = ["ingress.enabled=true", "ingress.hosts={vigil.example.com}"]
    other = notes(tmp_path, *host, "alertmanager.route.receiver=a", "persistence.enabled=false")
    assert "\n  http://vigil.example.com/\n" in other
    assert "Nobody is told" not in other
    assert "are lost with the pod" in other
