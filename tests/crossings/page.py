"""docs/verified.md: how each shipped rule is crossed, and what became of public reports.

`python -m tests.crossings.page docs/verified.md` writes it; `make docs` does.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from exporter.shipped import shipped_rules
from tests.crossings.stage import REDIS_6, REDIS_7, VALKEY, Scene
from tests.crossings.table import ALWAYS, GROUPS

_ROOT: Final = Path(__file__).parents[2]
_SERVERS: Final = {VALKEY: "Valkey 9.1", REDIS_6: "Redis 6.2", REDIS_7: "Redis 7.0"}
_SOURCE: Final = "https://github.com/"
_HEAD: Final = """# What is verified

Written by `make docs` from the tables that drive the tests.

## Rules

Every shipped rule is crossed, told of by the shipped `alertmanager.yml`, and comes back, on real servers
(`tests/crossings`; the daemon's time runs fast there). Where it says *altered*, a proxy changes what the
server answers, since nobody has such a server at hand. "Told" and "over" are how long it takes at most, from
when the threshold is crossed, and from when it is not any more: with `for`, the windows of the expression,
and the time that messages are held back to be grouped. An event (a restart, a promotion) is over when it is
no news any more.

| rule | how it is crossed | server | told within | over within |
|---|---|---|---|---|
"""
_REPORTS: Final = """
## Public reports

What people have reported of Redis monitoring elsewhere, tried here: right, partly or wrong in 0.1.0, and what
happens now. The tests are named in `tests/reports.yml`.

| | report | what was tried | 0.1.0 | now |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rules = "".join(f"| {' | '.join(cells)} |\n" for cells in _rules())
    reports = "".join(f"| {' | '.join(cells)} |\n" for cells in _reports())
    return _HEAD + rules + _REPORTS + reports


def _rules() -> Iterator[list[str]]:
    """The rules in the order of their files."""
    scenes = {alert: scene for group in GROUPS for scene in group.scenes for alert in scene.rules}
    for path in shipped_rules():
        for alert in alerts_of(path):
            link = f"[{alert}](runbooks/{path.stem}.md#{alert.lower()})"
            if alert in ALWAYS:
                yield [link, ALWAYS[alert], "", "1m", ""]
            elif alert in scenes:
                yield [link, *_crossing(alert, scenes[alert])]


def _crossing(alert: str, scene: Scene) -> list[str]:
    within = scene.rules[alert]
    return [scene.how, _SERVERS[scene.program], within.told, within.resolved or ""]


def alerts_of(path: Path) -> list[str]:
    """The names of the alerts in a rule file."""
    groups = yaml.safe_load(path.read_text())["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule]


def _reports() -> Iterator[list[str]]:
    reports: list[Mapping[str, Any]] = yaml.safe_load((_ROOT / "tests" / "reports.yml").read_text())
    for report in reports:
        sources = ", ".join(_link(source) for source in report.get("sources", ()))
        yield [str(report["number"]), sources, _cell(report["tried"]), report["was"], _cell(report["now"])]


def _link(source: str) -> str:
    """A link to an issue of a repository, or to a page."""
    repository, _, number = source.partition("#")
    if source.startswith("http"):
        return f"<{source}>"
    return f"[{source}]({_SOURCE}{repository}/issues/{number})" if number.isdigit() else source


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
