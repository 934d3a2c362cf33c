"""A new sampler is four files: its section, the field for that, the sampler, and its line in the registry."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until

ROOT = Path(__file__).parents[2]
SECTION = '''"""`samplers.last_save`."""

from exporter.config.samplers.base import SamplerSection


class LastSaveSection(SamplerSection):
    """LASTSAVE: when the dataset was last saved."""

    offset_seconds: float = 0.0
    """Added to what the server tells."""
'''
SAMPLER = '''"""When the dataset was last saved, by LASTSAVE."""

from typing import Final

from exporter.config.samplers.last_save import LastSaveSection
from exporter.connection import Client
from exporter.model.sample import Family, Kind
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.server_info import ServerInfo

SAVED: Final = Family(
    "redis_toy_saved_timestamp_seconds", Kind.GAUGE, "When the dataset was last saved.", ("role",)
)


class LastSaveSampler:
    """Asks one server."""

    def __init__(self, context: SamplerContext[LastSaveSection]) -> None:
        self._context = context

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        reply = await connection.execute("LASTSAVE")
        assert isinstance(reply, int)
        role = self._context.facts.get(ServerInfo).role
        self._context.table.set(SAVED, reply + self._context.settings.offset_seconds, role)

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""


SPEC: Final = SamplerSpec("last_save", LastSaveSection, (SAVED,), LastSaveSampler)
'''
CONFIG = """
targets: [{{url: "{url}"}}]
global: {{sample_interval: 1s}}
samplers: {{last_save: {{offset_seconds: 0.25}}}}
rule_files: []
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project's code, to be changed."""
    shutil.copytree(ROOT / "exporter", tmp_path / "exporter", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("rules", "alertmanager.yml", "config.yml"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def insert(path: Path, before: str, *lines: str) -> None:
    """Insert lines before the first that begins so."""
    text = path.read_text()
    start = text.index(before)
    path.write_text(text[:start] + "".join(f"{line}\n" for line in lines) + text[start:])


def add_sampler(tree: Path) -> None:
    """What docs and CONTRIBUTING say is to be done, in four files."""
    sections = tree / "exporter" / "config" / "samplers"
    samplers = tree / "exporter" / "samplers"
    (sections / "last_save.py").write_text(SECTION)
    insert(
        sections / "__init__.py",
        "from exporter.config.samplers.latency",
        "from exporter.config.samplers.last_save import LastSaveSection",
    )
    insert(
        sections / "__init__.py",
        "    slowlog: SlowlogSection",
        "    last_save: LastSaveSection = LastSaveSection()",
        '    """When the dataset was last saved."""',
    )
    (samplers / "last_save.py").write_text(SAMPLER)
    insert(samplers / "registry.py", "    latency,\n", "    last_save,")
    # Before INFO, although it needs what that tells: the order is computed.
    insert(samplers / "registry.py", "        info.SPEC,\n", "        last_save.SPEC,")


def test_a_sampler_of_four_files_runs_and_shows_its_metric(tree: Path, start_server: StartServer) -> None:
    server = start_server()
    saved = server.client.execute_command("LASTSAVE").timestamp()
    add_sampler(tree)
    (tree / "own.yml").write_text(CONFIG.format(url=server.url))

    with Daemon(tree, "--config", "own.yml") as daemon:
        wait_until(lambda: "redis_toy_saved" in page(daemon), 60, "the sampler has run")
        shown = page(daemon)

    assert "# HELP redis_toy_saved_timestamp_seconds When the dataset was last saved.\n" in shown
    labels = f'instance="{server.instance}",role="master"'
    assert f"redis_toy_saved_timestamp_seconds{{{labels}}} {saved + 0.25}\n" in shown
    labels = f'instance="{server.instance}",sampler="last_save"'
    assert f"redis_vigil_sampler_success{{{labels}}} 1" in shown


def page(daemon: Daemon) -> str:
    with daemon.get("/metrics") as response:
        return str(response.read().decode())


def test_its_section_is_checked_like_every_other(tree: Path) -> None:
    add_sampler(tree)
    (tree / "own.yml").write_text("samplers: {last_save: {ofset_seconds: 1}}\n")
    checked = subprocess.run(
        [sys.executable, "-m", "exporter", "check", "config", "own.yml"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert checked.returncode == 1
    assert "own.yml:1:" in checked.stdout + checked.stderr
    assert "offset_seconds" in checked.stdout + checked.stderr


def test_a_sampler_that_needs_what_nobody_provides_is_an_error_at_import(tree: Path) -> None:
    add_sampler(tree)
    path = tree / "exporter" / "samplers" / "last_save.py"
    path.write_text(path.read_text().replace("LastSaveSampler)\n", "LastSaveSampler, needs=(int,))\n"))
    imported = subprocess.run(
        [sys.executable, "-c", "import exporter.samplers.registry"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert imported.returncode == 1
    assert "DependencyError: last_save needs int, which no sampler provides" in imported.stderr
