"""docs/getting_started.md, followed literally from the installed command on."""

import re
import shlex
from pathlib import Path

from tests.cli.in_process import run_command
from tests.conftest import StartServer
from tests.live.daemon import Daemon
from tests.live.receivers import http_hook
from tests.live.test_first_files import fill, wait_until_all_are_up

DOCUMENT = Path(__file__).parents[2] / "docs" / "getting_started.md"
_COMMAND = re.compile(r"^\$ redis-vigil (.*)$", re.MULTILINE)


def test_the_commands_lead_to_a_first_message(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    fill(server)
    init, check, notify, run = _COMMAND.findall(DOCUMENT.read_text())
    folder = tmp_path / "vigil"
    (folder / "secrets").mkdir(parents=True)
    with http_hook() as hook:
        (folder / "secrets" / "slack-url").write_text(f"{hook.url}\n")
        for line in (init, check, notify):
            words = shlex.split(line.replace("localhost:6379", server.instance))
            done = run_command(folder, *words)
            assert (done.returncode, done.stderr) == (0, ""), line
        (message,) = hook.bodies
        assert "A test notification" in str(message)
        name, *arguments = shlex.split(run)
        assert name == "run"
        with Daemon(folder, *arguments) as daemon:
            wait_until_all_are_up(daemon, [server.instance])
            assert "redis" in daemon.text("/")


def test_the_options_are_there(tmp_path: Path) -> None:
    text, told = DOCUMENT.read_text(), run_command(tmp_path, "init", "--help").stdout
    options = set(re.findall(r"`(--[a-z-]+)", text)) | {"--user", "--password-file"}
    assert {"--output", "--dry-run", "--offline", "--web-config", "--tls-ca"} <= options
    assert [option for option in options if option not in told] == []
