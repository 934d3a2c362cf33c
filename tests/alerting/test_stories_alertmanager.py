"""The same stories at Debian's Alertmanager: both tell the same, in the same order, at the same moments.

Where a story shows a fault of Alertmanager, it must show there.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.alerting import alertmanager_world, own_world
from tests.alerting.scenario import Message
from tests.alerting.stories import STORIES
from tests.peers import require_program

# Half a second more than in virtual time: the machine is shared.
SLACK_SECONDS = 0.6
AT_A_TIME = 8

_PROGRAM = "prometheus-alertmanager"


def sequences(messages: Sequence[Message]) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    """What each receiver got about each group, in order."""
    result: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    for one in messages:
        told = (one.status, one.firing, one.resolved)
        result.setdefault((one.receiver, one.group_key), []).append(told)
    return result


async def play_all(directory: Path) -> dict[str, list[Message]]:
    """Every story at an Alertmanager of its own: what was heard."""
    program = require_program(_PROGRAM)
    turns = asyncio.Semaphore(AT_A_TIME)

    async def play(name: str) -> list[Message]:
        async with turns:
            hook = await alertmanager_world.play(STORIES[name](), program, directory / name)
            return hook.messages

    heard = await asyncio.gather(*(play(name) for name in STORIES))
    return dict(zip(STORIES, heard, strict=True))


def _compare(name: str, messages: Sequence[Message]) -> str:
    """What went otherwise than with us."""
    story = STORIES[name]()
    has_faults = any(wish.only_here for wish in story.wishes)
    story.wishes = [
        replace(wish, latest=wish.latest + SLACK_SECONDS) for wish in story.wishes if not wish.only_here
    ]
    try:
        story.check(messages)
    except AssertionError as error:
        return str(error)
    if has_faults:
        return ""
    own = sequences(own_world.assert_story(STORIES[name]()).messages)
    theirs = sequences(messages)
    return "" if own == theirs else f"ours {own}, theirs {theirs}"


@pytest.mark.peers(_PROGRAM)
def test_alertmanager_tells_the_same(tmp_path: Path) -> None:
    heard = asyncio.run(play_all(tmp_path))
    differences = {name: text for name in STORIES if (text := _compare(name, heard[name]))}
    assert not differences, "\n".join(f"{name}: {text}" for name, text in differences.items())
