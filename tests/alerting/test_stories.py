"""The stories in virtual time."""

from collections.abc import Callable

import pytest

from tests.alerting.own_world import assert_story
from tests.alerting.scenario import Story
from tests.alerting.stories import STORIES


@pytest.mark.parametrize("make", STORIES.values(), ids=STORIES.keys())
def test_every_story_ends_as_it_wants(make: Callable[[], Story]) -> None:
    assert_story(make())
