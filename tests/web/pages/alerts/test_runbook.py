"""Runbooks that are shipped are rendered in place; those of others are links."""

import re

import yaml

from exporter.shipped import shipped_rules
from exporter.web.pages.alerts.runbook import runbook_of


def test_every_shipped_rule_has_its_runbook_in_place() -> None:
    urls = {
        str(rule["annotations"]["runbook_url"])
        for path in shipped_rules()
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "runbook_url" in rule.get("annotations", {})
    }
    assert len(urls) > 50
    for url in urls:
        runbook = runbook_of(url)
        assert runbook is not None
        assert "<p>" in runbook.text, url
        # Links lead where they did, seen from the runbook.
        assert all(href.startswith("https://") for href in re.findall(r'href="([^"]*)"', runbook.text)), url


def test_a_runbook_of_others_is_a_link_and_nothing_else_is() -> None:
    runbook = runbook_of("https://wiki.example/redis?page=1#down")
    assert runbook is not None
    assert (runbook.name, runbook.text) == ("wiki.example/redis", "")
    assert runbook_of("javascript:alert(1)") is None
    assert runbook_of("https://[") is None
