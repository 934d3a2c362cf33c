"""The provisioning files for Grafana, and the page that tells how to use them."""

from typing import Any

import yaml

from tests.dashboards.boards import FILES, ROOT, load

PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
PAGE = (ROOT / "docs" / "grafana.md").read_text(encoding="utf-8")
README = (PROVISIONING.parent / "README.md").read_text(encoding="utf-8")


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PROVISIONING / name).read_text(encoding="utf-8"))
    return found


def test_the_data_sources_are_of_the_kind_that_the_dashboards_ask_for() -> None:
    sources = read("datasources/redis-vigil.yml")["datasources"]
    assert {source["type"] for source in sources} == {"prometheus"}
    # Where the daemon listens by default, and where Prometheus does.
    assert [source["url"].rsplit(":", 1)[1] for source in sources] == ["9121", "9090"]
    assert sum(source["isDefault"] for source in sources) == 1


def test_the_dashboards_are_looked_for_where_the_readme_says() -> None:
    (provider,) = read("dashboards/redis-vigil.yml")["providers"]
    assert provider["type"] == "file"
    assert f"redis-vigil dashboards --output {provider['options']['path']}" in README


def test_the_page_names_every_dashboard() -> None:
    for path in FILES:
        assert f"`{load(path)['uid']}`" in PAGE
