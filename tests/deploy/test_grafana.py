"""What Grafana is provisioned with: the README's commands, and files that name what they bring there."""

import json
import re
import subprocess
from pathlib import Path
from typing import Final

import yaml

from tests.deploy.readme import DEPLOY, ROOT, commands_of, own_environment

FOLDER: Final = DEPLOY / "grafana"


def test_the_readme_puts_everything_where_grafana_looks(tmp_path: Path) -> None:
    (tmp_path / "etc" / "grafana" / "provisioning" / "datasources").mkdir(parents=True)
    *commands, restart = commands_of(FOLDER / "README.md")
    assert restart == "systemctl restart grafana-server"
    environment = own_environment(tmp_path)
    for command in commands:
        here = re.sub(r"(?<= )/(?=etc/|var/)", f"{tmp_path}/", command)
        assert here != command
        subprocess.run(["bash", "-euc", here], cwd=ROOT, check=True, env=environment)
    provisioning = tmp_path / "etc" / "grafana" / "provisioning"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "redis-vigil.yml").read_text())["providers"]
    boards = sorted((tmp_path / provider["options"]["path"].lstrip("/")).glob("*.json"))
    assert [path.name for path in boards] == sorted(
        path.name for path in (ROOT / "dashboards").glob("*.json")
    )
    assert all(json.loads(path.read_text())["uid"].startswith("redis-vigil-") for path in boards)
    sources = yaml.safe_load((provisioning / "datasources" / "redis-vigil.yml").read_text())["datasources"]
    assert [source["type"] for source in sources] == ["prometheus", "prometheus"]
    assert [source["isDefault"] for source in sources].count(True) == 1
