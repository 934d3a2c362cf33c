"""The wheel: what ships inside it is found once it is installed."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# `build` finds uv beside the Python that runs it.
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
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
    assert (installed / "share" / "man" / "man1" / "redis-vigil.1").exists()
    assert (installed / "exporter" / "py.typed").exists()
    pages = installed / "exporter" / "web" / "pages"
    assert (pages / "templates" / "overview.html").exists()
    assert (pages / "static" / "style.css").exists()
    fonts = {path.name for path in (installed / "exporter" / "charts" / "fonts").iterdir()}
    assert fonts == {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "LICENSE"}


def test_the_command_is_installed(installed: Path) -> None:
    assert (installed / "bin" / "redis-vigil").exists()


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """Folders with wheel and sdist as `make dist` makes them, in turn."""
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    for folder in folders:
        subprocess.run(
            [sys.executable, "-m", "build", "--quiet", "--installer", "uv", "--outdir", folder],
            cwd=ROOT,
            env={**ENVIRONMENT, "SOURCE_DATE_EPOCH": "1700000000"},
            capture_output=True,
            timeout=300,
            check=True,
        )
    return folders


def test_the_same_source_makes_the_same_packages(distributions: Sequence[Path]) -> None:
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in distributions)
    assert [Path(name).suffix for name in sorted(first)] == [".whl", ".gz"]
    assert first == second


def test_pypi_would_take_them(distributions: Sequence[Path]) -> None:
    packages = map(str, distributions[0].iterdir())
    command = [sys.executable, "-m", "twine", "check", "--strict", *packages]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def test_links_of_the_readme_lead_from_pypi_to_the_repository(distributions: Sequence[Path]) -> None:
    (wheel,) = distributions[0].glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(name).decode()
    assert "](https://github.com/redis-vigil/redis-vigil/blob/main/docs/configuration.md)" in text
    assert re.findall(r"\]\((?!https?:|#)[^)]*\)", text) == []
    assert re.findall(r"\bsrc(?:set)?=\"(?!https?:)", text) == []


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_it_works_from_the_wheel_alone(distributions: Sequence[Path], version: str) -> None:
    """As `uvx redis-vigil` does: in a new environment, with dependencies from PyPI."""
    found = sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python"))
    if not found and not sys.version.startswith(f"{version}."):
        pytest.skip(f"there is no Python {version}")
    (wheel,) = distributions[0].glob("*.whl")
    python = str(found[-1]) if found else sys.executable
    uvx = [sys.executable, "-m", "uv", "tool", "run", "--python", python, "--from", str(wheel), "redis-vigil"]
    for arguments in (["--version"], ["check", "config", str(ROOT / "config.yml")]):
        done = _run([*uvx, *arguments], distributions[0])
        assert done.returncode == 0, done.stderr
    assert "good" in done.stdout


def test_pipx_runs_the_wheel(distributions: Sequence[Path], tmp_path: Path) -> None:
    (wheel,) = distributions[0].glob("*.whl")
    pipx = [sys.executable, "-m", "pipx", "run", "--spec", str(wheel), "redis-vigil", "--version"]
    done = _run(pipx, tmp_path)
    assert done.stdout.startswith("redis-vigil "), done.stderr


def test_pip_installs_the_wheel(distributions: Sequence[Path], tmp_path: Path) -> None:
    (wheel,) = distributions[0].glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "new"], check=True, timeout=120)
    installing = _run([str(tmp_path / "new" / "bin" / "pip"), "install", "--quiet", str(wheel)], tmp_path)
    assert installing.returncode == 0, installing.stderr
    done = _run([str(tmp_path / "new" / "bin" / "redis-vigil"), "dashboards", "--output", "boards"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "boards").glob("*.json"))


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, text=True, capture_output=True, timeout=300, check=False
    )
