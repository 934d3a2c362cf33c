"""The wheel: what ships inside it is found once it is installed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ASK = """
import json, exporter
from exporter.shipped import shipped, shipped_rules
from exporter.rules.load import load_rule_files
print(json.dumps({
    "package": exporter.__file__,
    "rules": [str(path) for path in shipped_rules()],
    "loaded": len(load_rule_files(shipped_rules())),
    "there": {name: shipped(name).exists() for name in ("dashboards", "config.yml", "alertmanager.yml")},
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel unpacked into it, its dependencies coming from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True, timeout=300)
    (wheel,) = folder.glob("redis_vigil-*.whl")
    target = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True, timeout=300)
    return target


def test_shipped_files_are_found_from_an_installed_wheel(installed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=installed.parent,
        env={"PYTHONPATH": str(installed)},
        text=True,
        capture_output=True,
        timeout=60,
        check=True,
    )
    found = json.loads(done.stdout)
    assert Path(found["package"]).is_relative_to(installed)
    names = {path.name for path in (ROOT / "rules").glob("*.yml")}
    assert {Path(path).name for path in found["rules"]} == names
    assert all(Path(path).is_relative_to(installed) for path in found["rules"])
    assert found["loaded"] == len(names)
    assert all(found["there"].values())
    assert (installed / "exporter" / "py.typed").exists()
    pages = installed / "exporter" / "web" / "pages"
    assert (pages / "templates" / "overview.html").exists()
    assert (pages / "static" / "style.css").exists()
    fonts = {path.name for path in (installed / "exporter" / "charts" / "fonts").iterdir()}
    assert fonts == {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "LICENSE"}


def test_the_command_is_installed(installed: Path) -> None:
    assert (installed / "bin" / "redis-vigil").exists()
