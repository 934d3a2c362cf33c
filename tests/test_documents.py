"""What the documents show works: examples load, links lead somewhere, what is commented out is good too."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exporter.config.alertmanager.config import load_alertmanager_config
from exporter.config.main import load_config
from tests.peers import require_program

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def yaml_blocks(path: Path, beginning: str) -> list[str]:
    """The YAML examples of a document that begin so."""
    return [block for block in _BLOCK.findall(path.read_text()) if block.startswith(beginning)]


@pytest.mark.parametrize("document", ["README.md", "docs/configuration.md"])
def test_the_examples_of_a_configuration_load(document: str, tmp_path: Path) -> None:
    blocks = yaml_blocks(ROOT / document, "targets:")
    assert blocks
    (tmp_path / "secrets").mkdir()
    for name in ("secrets/redis", "secrets/cache", "ca.pem"):
        (tmp_path / name).write_text("x")
    shutil.copy(ROOT / "alertmanager.yml", tmp_path)
    for block in blocks:
        (tmp_path / "config.yml").write_text(block)
        assert len(load_config(tmp_path / "config.yml").targets) == 2


def test_the_example_of_a_program_for_passwords_loads(tmp_path: Path) -> None:
    (block,) = yaml_blocks(ROOT / "docs" / "configuration.md", "# A token")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "redis-token").touch(mode=0o755)
    (tmp_path / "config.yml").write_text(block)
    (target,) = load_config(tmp_path / "config.yml").targets
    assert target.password_command is not None
    assert target.password_command[0] == str(tmp_path / "bin" / "redis-token")


def test_the_example_of_discovery_loads(tmp_path: Path) -> None:
    (block,) = yaml_blocks(ROOT / "docs" / "configuration.md", "discovery:")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "cluster").write_text("x")
    (tmp_path / "config.yml").write_text(block)
    discovery = load_config(tmp_path / "config.yml").discovery
    assert [len(getattr(discovery, kind)) for kind in ("cluster", "sentinel", "file", "http")] == [1, 1, 1, 1]


def test_the_example_in_the_readme_is_short() -> None:
    (block,) = yaml_blocks(ROOT / "README.md", "targets:")
    assert len(block.splitlines()) <= 10


def test_the_routes_of_the_notifications_page_load(tmp_path: Path) -> None:
    (block,) = yaml_blocks(ROOT / "docs" / "notifications.md", "route:")
    root = "route:\n  receiver: heartbeat\n"
    (tmp_path / "alertmanager.yml").write_text(block.replace("route:\n", root, 1))
    config = load_alertmanager_config(tmp_path / "alertmanager.yml")
    assert config.route.routes[0].repeat_interval is not None


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_something(path: Path) -> None:
    targets = [link.split("#")[0] for link in _LINK.findall(path.read_text()) if "://" not in link]
    assert [target for target in targets if target and not (path.parent / target).exists()] == []


def test_every_document_is_in_the_index() -> None:
    readme = (ROOT / "README.md").read_text()
    pages = [path for path in (ROOT / "docs").glob("*.md") if f"(docs/{path.name})" not in readme]
    assert pages == []


def uncommented(text: str) -> str:
    """The starting point alertmanager.yml with everything in it that is commented out, less the sentences."""
    lines = text.splitlines()
    return "\n".join(re.sub(r"^( *)# (?=( *- | *[a-z_]+:))", r"\1", line) for line in lines) + "\n"


def test_what_is_commented_out_in_alertmanager_yml_is_good_too(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(uncommented((ROOT / "alertmanager.yml").read_text()))
    config = load_alertmanager_config(path)
    names = [receiver.name for receiver in config.receivers]
    assert names == ["nobody", "slack", "events", "email", "webhook", "heartbeat"]
    named = [route.receiver for route in config.route.routes if route.receiver]
    assert named == ["nobody", "heartbeat", "email", "slack", "events", "slack", "email"]


@pytest.mark.peers("amtool")
def test_amtool_agrees(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(uncommented((ROOT / "alertmanager.yml").read_text()))
    done = subprocess.run(
        [require_program("amtool"), "check-config", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_files_of_the_glossary_and_of_the_walk_are_there() -> None:
    for page in ("glossary.md", "architecture.md"):
        text = (ROOT / "docs" / page).read_text()
        named = re.findall(r"`(?!test_)([a-z_/0-9]+\.py)`", text)
        assert named
        missing = [
            name for name in named if not any((ROOT / top / name).exists() for top in ("exporter", "."))
        ]
        assert missing == [], page


def test_the_walk_of_the_architecture_goes_through_twenty_files_at_most() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| (\d+) \| `", text, re.M)
    value, key = rows[: rows.index("1", 1)], rows[rows.index("1", 1) :]
    assert len(value) <= 20
    assert len(key) <= 6
