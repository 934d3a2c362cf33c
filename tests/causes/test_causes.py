"""One cause, one message: the shipped rules and the shipped alertmanager.yml."""

import pytest

from tests.causes.causes import CAUSES
from tests.causes.world import Cause, see


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name.replace(" ", "-"))
def test_one_cause_is_one_message(cause: Cause) -> None:
    outcome = see(cause)
    assert outcome.told == list(cause.told)
    # What is not told did fire, or the test says nothing.
    assert outcome.fired >= cause.fires
