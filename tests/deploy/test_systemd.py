"""The unit for systemd: what systemd says of it, and its README followed on a machine of its own."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from exporter.config.main import load_config
from tests.deploy.clean_root import CleanRoot
from tests.deploy.readme import DEPLOY, commands_of
from tests.live.daemon import wait_until
from tests.peers import require_program

FOLDER: Final = DEPLOY / "systemd"
UNIT: Final = FOLDER / "redis-vigil.service"
PASSWORD: Final = "the password of your Redis"
CONFIG: Final = "/etc/redis-vigil/config.yml"


@pytest.mark.peers("systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    # It looks for the programs of the unit, which are not here: any program stands for them.
    text = re.sub(r"/opt/redis-vigil/bin/redis-vigil", "/bin/true", UNIT.read_text())
    (tmp_path / UNIT.name).write_text(text.replace("man:redis-vigil(1) ", ""))
    command = [str(require_program("systemd-analyze")), "verify", str(tmp_path / UNIT.name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.peers("systemd-analyze")
def test_the_unit_exposes_next_to_nothing() -> None:
    command = [
        str(require_program("systemd-analyze")),
        "security",
        "--offline=true",
        "--threshold=20",
        str(UNIT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert level is not None
    assert float(level[1]) <= 2.0


def test_the_configuration_names_the_credential_of_the_unit(tmp_path: Path) -> None:
    text = (FOLDER / "config.yml").read_text()
    assert "LoadCredential=secret:/etc/redis-vigil/secrets\n" in UNIT.read_text()
    place = "/run/credentials/redis-vigil.service/secret_redis"
    assert place in text
    (tmp_path / "password").write_text("x")
    (tmp_path / "alertmanager.yml").write_text((DEPLOY.parent / "alertmanager.yml").read_text())
    (tmp_path / "config.yml").write_text(text.replace(place, str(tmp_path / "password")))
    assert len(load_config(tmp_path / "config.yml").targets) == 1


@pytest.mark.live
@pytest.mark.peers("root", "systemd-analyze", "redis-server", "ip")
def test_the_readme_leads_to_a_daemon_that_runs(tmp_path: Path) -> None:
    (tmp_path / "machine").mkdir()
    with CleanRoot(tmp_path / "machine") as machine:
        machine.run(f"redis-server --requirepass '{PASSWORD}' --daemonize yes --dir /tmp --save ''")
        for command in commands_of(FOLDER / "README.md", "Install", "Configure", "Start"):
            done = machine.run(command, online="pip install" in command)
        assert 'Status: "Watching 1 configured server."' in done.stdout
        assert follows_up(machine, 'redis_up{instance="localhost:6379"} 1')
        check_what_it_may(machine)
        check_reloads(machine)
        machine.run("systemctl stop redis-vigil")
        assert "Result=success" in machine.run("systemctl show redis-vigil -p Result").stdout


def follows_up(machine: CleanRoot, line: str) -> bool:
    """Whether the daemon comes to show this line."""
    page = "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://localhost:9121/metrics\").read().decode())'"
    return bool(wait_until(lambda: line in machine.run(page).stdout, 20, line))


def check_what_it_may(machine: CleanRoot) -> None:
    """The daemon is nobody else, its secrets are its own, and its state is where it belongs."""
    status = machine.run("cat /proc/$(systemctl show redis-vigil -p MainPID --value)/status").stdout
    assert re.search(r"^NoNewPrivs:\t1$", status, re.M)
    assert re.search(r"^Seccomp:\t2$", status, re.M)
    assert re.search(r"^CapBnd:\t0+$", status, re.M)
    assert machine.run("stat -c '%U %a' /var/lib/redis-vigil").stdout == "redis-vigil 700\n"
    assert machine.run("ls /var/lib/redis-vigil").stdout
    secret = "runuser -u redis-vigil -- cat /etc/redis-vigil/secrets/redis"
    assert machine.run(secret, check=False).returncode == 1


def check_reloads(machine: CleanRoot) -> None:
    """A good file is taken on; a bad one changes nothing, and the status says what is wrong with it."""
    reload, status = commands_of(FOLDER / "README.md", "Change something")
    machine.run(f"sed -i 's/redis:..localhost/redis:\\/\\/127.0.0.1/' {CONFIG}")
    machine.run(reload)
    assert follows_up(machine, 'redis_up{instance="127.0.0.1:6379"} 1')
    machine.run(f"echo 'tragets: []' >> {CONFIG}")
    machine.run(reload)
    told = f'Status: "The last reload failed, the former configuration goes on: {CONFIG}:'
    wait_until(lambda: told in machine.run(status).stdout, 20, "the status says why")
    assert machine.run("systemctl is-active redis-vigil").stdout == "active\n"
    assert follows_up(machine, 'redis_up{instance="127.0.0.1:6379"} 1')
