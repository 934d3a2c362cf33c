"""A new kind of receiver: of another package by a module and an entry point, of this one by four files."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import exporter
from exporter.config.alertmanager import plugins
from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.document import Document
from exporter.errors import ConfigError
from exporter.notify.integrations import IntegrationFactory
from exporter.notify.not_sent import NotSent
from tests.fast.daemon import FastDaemon, run_fast
from tests.notify.samples import NOW

PACKAGE = Path(exporter.__file__).parent
MODEL = """
from exporter.config.alertmanager.entry import ReceiverEntry
from exporter.config.alertmanager.scalars import Text
from exporter.config.fields import RelativePath


class JournalConfig(ReceiverEntry):
    path: RelativePath
    text: Text = "{{ .Status }}: {{ .CommonLabels.alertname }}"
"""
INTEGRATION = """
import asyncio
from typing import Final

from exporter.errors import NotifyError
from exporter.notify.data import notification_data
from exporter.notify.receiver_kind import ReceiverKind
from exporter.notify.style import message_functions
from exporter.notify.template import Rendering


class JournalIntegration:
    name: Final = "journal"
    notifies_event_ends: Final = True

    def __init__(self, config, context):
        self.send_resolved = config.send_resolved
        self._path = config.path
        self._now = context.now
        self._text = context.compiler.parse("text", config.text)

    async def send(self, notification):
        rendering = Rendering(notification_data(notification), message_functions(self._now))
        line = await asyncio.to_thread(rendering.text, self._text)
        try:
            with open(self._path, "a") as file:
                file.write(line + "\\n")
        except OSError as error:
            raise NotifyError(f"journal: {error.strerror}", retryable=True) from None


KIND: Final = ReceiverKind("journal", JournalConfig, JournalIntegration)
"""
OTHERS = """
PAGERDUTY: Final = ReceiverKind("pagerduty", JournalConfig, JournalIntegration)
NOT_A_KIND: Final = "journal"


def fail(config, context):
    raise TypeError("no such option")


BROKEN: Final = ReceiverKind("broken", JournalConfig, fail)
"""
ENTRY_POINTS = """
[redis_vigil.receivers]
journal = toy_journal:KIND
pagerduty = toy_journal:PAGERDUTY
broken = toy_journal:BROKEN
missing = toy_journal.elsewhere:KIND
odd = toy_journal:NOT_A_KIND
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory with the package, as pip leaves it behind."""
    site = tmp_path / "site"
    metadata = site / "toy_journal-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "toy_journal.py").write_text(MODEL + INTEGRATION + OTHERS)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-journal\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    return site


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package is installed in this process."""
    monkeypatch.syspath_prepend(site)
    plugins._installed.cache_clear()
    yield
    plugins._installed.cache_clear()
    sys.modules.pop("toy_journal", None)


def routing(entries: str) -> str:
    return (
        "route: {receiver: people, group_wait: 1s}\nreceivers:\n  - name: people\n"
        + textwrap.indent(textwrap.dedent(entries).strip("\n"), "    ")
        + "\n"
    )


def problems(entries: str) -> list[str]:
    document = Document.parse(routing(entries), "alertmanager.yml")
    with pytest.raises(ConfigError) as caught:
        factory(document)
    return [str(problem) for problem in caught.value.problems]


def factory(document: Document) -> list[object]:
    config = parse_alertmanager_config(document)
    make = IntegrationFactory(config.global_, lambda: NOW, document=document)
    return [one for receiver in config.receivers for one in make(receiver)]


def send_by_command_line(python_path: Path, directory: Path) -> None:
    """Check and use an alertmanager.yml with the new kind, with modules of this folder."""
    file = directory / "alertmanager.yml"
    file.write_text(routing("journal_configs: [{path: journal.txt, text: 'now: {{ .Status }}'}]"))
    command = [sys.executable, "-m", "exporter"]
    environment = {**os.environ, "PYTHONPATH": str(python_path)}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*command, *arguments],
            env=environment,
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("check", "alertmanager", str(file))
    assert "journal[0]" in run("test", "notify", "--config", str(file), "people")
    assert (directory / "journal.txt").read_text() == "now: firing\n"


def test_a_package_brings_it_along_and_the_command_line_sends_by_it(site: Path, tmp_path: Path) -> None:
    send_by_command_line(site, tmp_path)


def test_in_this_project_it_is_a_model_a_field_a_module_and_a_line(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(PACKAGE, tree / "exporter", ignore=shutil.ignore_patterns("__pycache__"))
    models, integrations = tree / "exporter/config/alertmanager", tree / "exporter/notify"
    (models / "journal.py").write_text(MODEL)
    model = "from exporter.config.alertmanager.journal import JournalConfig\n"
    (integrations / "journal.py").write_text(model + INTEGRATION)
    insert(models / "receivers.py", model, before="from exporter.config.alertmanager.not_sent")
    field = "    journal_configs: tuple[JournalConfig, ...] = ()\n"
    insert(models / "receivers.py", field, before="    discord_configs")
    insert(
        integrations / "registry.py", "from exporter.notify import journal\n", before="from exporter.notify"
    )
    insert(integrations / "registry.py", "journal.KIND, ", before="slack.KIND")
    send_by_command_line(tree, tmp_path)


def insert(file: Path, text: str, *, before: str) -> None:
    old = file.read_text()
    assert before in old
    file.write_text(old.replace(before, text + before, 1))


@pytest.mark.usefixtures("installed")
def test_its_notifications_are_sent_and_counted_by_the_daemon(tmp_path: Path) -> None:
    file = tmp_path / "journal.txt"
    rules = "groups: [{name: g, interval: 5s, rules: [{alert: Always, expr: vector(1)}]}]"

    async def story() -> None:
        async with FastDaemon(
            rules=rules, alertmanager=routing(f"journal_configs: [{{path: {file}}}]")
        ) as daemon:
            await daemon.wait_until(file.exists, "2m")
            page = (await daemon.get("/metrics")).text
        assert 'alertmanager_notifications_total{integration="journal"} 1.0' in page
        assert (
            'alertmanager_notifications_failed_total{integration="journal",reason="clientError"} 0.0' in page
        )

    run_fast(story())
    assert file.read_text() == "firing: Always\n"


@pytest.mark.usefixtures("installed")
def test_what_is_wrong_with_its_entries_is_said_with_the_line() -> None:
    assert set(problems("journal_configs: [{pth: x}]")) == {
        'alertmanager.yml:4:24: receivers[0].journal_configs[0].pth: unknown key, did you mean "path"?',
        "alertmanager.yml:4:23: receivers[0].journal_configs[0].path: is missing",
    }
    (problem,) = problems("journal_configs: [{path: x, text: '{{ nothing }}'}]")
    assert problem.startswith("alertmanager.yml:4:39: receivers[0].journal_configs[0].text: the template")


@pytest.mark.usefixtures("installed")
def test_a_package_that_cannot_be_used_costs_a_line_at_its_key() -> None:
    start = "alertmanager.yml:4:5: receivers[0]"
    assert problems("missing_configs: [{path: x}]") == [
        f"{start}.missing_configs: toy_journal.elsewhere:KIND cannot be loaded: ModuleNotFoundError: "
        "No module named 'toy_journal.elsewhere'; 'toy_journal' is not a package"
    ]
    assert problems("odd_configs: [{path: x}]") == [
        f'{start}.odd_configs: toy_journal:NOT_A_KIND is not a ReceiverKind with the name "odd"'
    ]
    (problem,) = problems("broken_configs: [{path: x}]")
    assert problem.endswith("receivers[0].broken_configs[0]: cannot be built: TypeError: no such option")


def test_without_the_package_its_key_is_unknown() -> None:
    (problem,) = problems("journal_configs: [{path: x}]")
    assert problem.startswith("alertmanager.yml:4:5: receivers[0].journal_configs: unknown key")


def test_a_package_can_send_what_this_daemon_does_not(request: pytest.FixtureRequest) -> None:
    entry = "pagerduty_configs: [{routing_key: x}]"
    (unsent,) = factory(Document.parse(routing(entry), "alertmanager.yml"))
    assert isinstance(unsent, NotSent)
    request.getfixturevalue("installed")
    assert any("routing_key: unknown key" in problem for problem in problems(entry))
    (sent,) = factory(Document.parse(routing("pagerduty_configs: [{path: x}]"), "alertmanager.yml"))
    assert type(sent).__name__ == "JournalIntegration"
