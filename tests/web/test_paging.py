"""Pages of rule groups."""

from typing import Any

import pytest

from exporter.web.api_v1.paging import Page
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import BadDataError
from tests.clocks import FrozenClock

GROUPS: list[dict[str, Any]] = [{"file": "a.yml", "name": name} for name in ("x", "y", "z")]


def cut(**values: str) -> dict[str, Any]:
    return Page.of(Parameters({name: [text] for name, text in values.items()}, FrozenClock())).cut(GROUPS)


def test_all_groups_without_a_limit() -> None:
    assert cut() == {"groups": GROUPS}
    assert cut(group_limit="3") == {"groups": GROUPS}


@pytest.mark.parametrize("size", [1, 2])
def test_page_by_page_every_group_comes_once(size: int) -> None:
    found, token = [], ""
    while True:
        page = cut(group_limit=str(size), **({"group_next_token": token} if token else {}))
        assert len(page["groups"]) <= size
        found += page["groups"]
        token = page.get("groupNextToken", "")
        if not token:
            break
    assert found == GROUPS


def test_a_token_of_a_group_that_is_gone() -> None:
    with pytest.raises(BadDataError, match="were rule groups changed"):
        cut(group_limit="1", group_next_token="0" * 64)
