"""Every YAML text that documents show, and every YAML file that is shipped, is what its reader takes."""

import json
import re
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from tests.deploy.readme import DEPLOY, ROOT, Block, blocks_of
from tests.deploy.yaml_kinds import Judge, judge_config, judge_of

DOCUMENTS: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted(DEPLOY.rglob("*.md"))]
# Files of other programs: what they are, by document and a key of theirs.
OTHERS: Final = {
    ("docs/migrating.md", "instances"): "the Datadog agent",
    ("docs/migrating.md", "jobs"): "Netdata",
    ("docs/otlp.md", "exporters"): "OpenTelemetry's collector",
    ("docs/queues.md", "key"): "a part of config.yml",
}
# A line that says that another file begins.
_NAME: Final = re.compile(r"^# ([\w-]+\.ya?ml)\n", re.MULTILINE)
_VARIABLE: Final = re.compile(r"_env: *(\w+)")


def shown() -> list[Any]:
    """Every YAML block of every document; several files in one are taken apart."""
    found = []
    for path in DOCUMENTS:
        for number, block in enumerate(blocks_of(path), 1):
            if block.language in ("yaml", "yml"):
                texts = [text for text in _NAME.split(block.text)[::2] if text.strip()]
                name = path.relative_to(ROOT)
                found += [
                    pytest.param(path, Block(block.language, text, block.heading), id=f"{name}-{number}")
                    for text in texts
                ]
    return found


def judge_values(text: str, _: Path) -> None:
    """Values of the Helm chart."""
    schema = json.loads((DEPLOY / "helm" / "redis-vigil" / "values.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load(text))


def judge_for(path: Path, parsed: Any) -> Judge | None:
    if "helm" in path.parts:
        return judge_values
    known = judge_of(parsed)
    if known is None:
        entry = parsed[0] if isinstance(parsed, list) else parsed
        name = str(path.relative_to(ROOT))
        others = [key for key in entry if (name, key) in OTHERS]
        assert others, f"{name}: nobody knows what kind of file this is: {list(entry)}"
    return known


@pytest.mark.parametrize(("path", "block"), shown())
def test_yaml_in_documents_is_what_its_reader_takes(
    path: Path, block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in _VARIABLE.findall(block.text):
        monkeypatch.setenv(name, "x")
    judge = judge_for(path, next(yaml.safe_load_all(block.text)))
    if judge is not None:
        judge(block.text, tmp_path)


def test_there_is_much_to_look_at() -> None:
    judged = [judge_for(one.values[0], next(yaml.safe_load_all(one.values[1].text))) for one in shown()]
    assert judged.count(judge_config) > 15
    assert len({judge for judge in judged if judge}) >= 5


def test_every_yaml_file_of_deploy_loads() -> None:
    files = [
        path
        for suffix in ("*.yml", "*.yaml")
        for path in DEPLOY.rglob(suffix)
        if "templates" not in path.parts
    ]
    assert len(files) > 30
    for path in files:
        assert all(document is not None for document in yaml.safe_load_all(path.read_text())), path


@pytest.mark.parametrize(
    "text", ["targets: [{url: 'amqp://h'}]", "targets: [{url: 'redis://h', usrname: a}]"]
)
def test_a_bad_configuration_in_a_document_would_be_found(text: str, tmp_path: Path) -> None:
    judge = judge_of(yaml.safe_load(text))
    assert judge is judge_config
    with pytest.raises(Exception, match=r"config\.yml:1"):
        judge(text, tmp_path)
