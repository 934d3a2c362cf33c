"""What kind of file a YAML text is, by its keys, and the loader that judges it.

Documents show whole files and parts of them; a part is judged with what it needs around it.
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from exporter.config.alertmanager.config import load_alertmanager_config
from exporter.config.main import Config, load_config
from exporter.config.web_config import load_web_config
from exporter.rules.load import load_rule_files
from tests.deploy.kubernetes import check_object
from tests.peers import find_program

Judge = Callable[[str, Path], None]

# Keys of files that are read, so that they have to be there.
_FILE_KEY: Final = re.compile(
    r"(?:_file|\bfile): *['\"]?([^\s'\"{},\]]+)|(?:rule_files|templates|password_command): *\[([^\]]*)\]"
)
_KUBECONFIG: Final = """
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: "https://10.0.0.1:6443"}}]
users: [{name: me, user: {token: x}}]
"""
_PROMETHEUS_ALONE: Final = frozenset({"scrape_configs", "remote_read"})
_ALERTMANAGER: Final = frozenset({"route", "inhibit_rules", "time_intervals", "templates"})
_WEB: Final = frozenset({"tls_server_config", "http_server_config", "basic_auth_users"})
_CONFIG: Final = frozenset(field.alias or name for name, field in Config.model_fields.items())


def judge_of(parsed: Any) -> Judge | None:
    """Return who judges a parsed text; None where nobody of us knows this kind."""
    if not isinstance(parsed, dict):
        return None
    keys = {str(key) for key in parsed}
    # Of OpenTelemetry's collector they are a mapping.
    if isinstance(parsed.get("receivers"), list):
        return judge_alertmanager
    for marks, judge in _JUDGES:
        if keys & marks:
            return judge
    return judge_config if keys <= _CONFIG else None


def judge_config(text: str, folder: Path) -> None:
    """config.yml: the same as `redis-vigil check config`."""
    path = _written(text, folder, "config.yml")
    load_config(path)


def judge_alertmanager(text: str, folder: Path) -> None:
    """alertmanager.yml; a part of one gets a root and the receivers that it names."""
    parsed = yaml.safe_load(text)
    route = {"receiver": "root", **parsed.get("route", {})}
    named = re.findall(r"receiver: *['\"]?([\w-]+)", yaml.safe_dump(route))
    given = parsed.get("receivers", [])
    missing = set(named) - {one["name"] for one in given}
    whole = {**parsed, "route": route, "receivers": [*given, *({"name": name} for name in sorted(missing))]}
    load_alertmanager_config(_written(yaml.safe_dump(whole), folder, "alertmanager.yml"))


def judge_prometheus(text: str, folder: Path) -> None:
    """prometheus.yml, by promtool where that is there."""
    promtool = find_program("promtool")
    if promtool is None:
        return
    path = _written(text, folder, "prometheus.yml")
    done = subprocess.run(
        [promtool, "check", "config", "--syntax-only", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def judge_rules(text: str, folder: Path) -> None:
    """A rule file."""
    load_rule_files([_written(text, folder, "rules.yml")])


def judge_rule(text: str, folder: Path) -> None:
    """A part of a rule."""
    rule = {"record": "part", **yaml.safe_load(text)}
    judge_rules(yaml.safe_dump({"groups": [{"name": "part", "rules": [rule]}]}), folder)


def judge_web(text: str, folder: Path) -> None:
    """web-config.yml."""
    load_web_config(_written(text, folder, "web-config.yml"))


def judge_manifest(text: str, folder: Path) -> None:
    """Objects of Kubernetes."""
    for one in yaml.safe_load_all(text):
        if "kustomize" not in one["apiVersion"]:
            check_object(one)


_JUDGES: Final[tuple[tuple[frozenset[str], Judge], ...]] = (
    (frozenset({"apiVersion"}), judge_manifest),
    (_PROMETHEUS_ALONE, judge_prometheus),
    (_ALERTMANAGER, judge_alertmanager),
    (frozenset({"groups"}), judge_rules),
    (frozenset({"expr"}), judge_rule),
    (_WEB, judge_web),
)


def _written(text: str, folder: Path, name: str) -> Path:
    """The text in a file, beside everything that it names: absolute places go below the folder too."""
    for match in _FILE_KEY.finditer(text):
        for place in filter(None, re.split(r"[,\s'\"]+", match[1] or match[2] or "")):
            if re.fullmatch(r"[\w./-]+", place) and place != "shipped":
                _make(folder / place.lstrip("/"))
    (folder / name).write_text(re.sub(r"(?<=[\s'\"])/(?=(?:etc|run|secrets|data|var)/)", f"{folder}/", text))
    return folder / name


def _make(path: Path) -> None:
    """A file that whoever reads it may take for what its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(_content(path.name))
        path.chmod(0o755)


def _content(name: str) -> str:
    if name == "alertmanager.yml":
        return "route: {receiver: a}\nreceivers: [{name: a}]\n"
    if name == "kubeconfig":
        return _KUBECONFIG
    return "groups: []\n" if name.endswith((".yml", ".yaml")) else "https://example.com/x"
