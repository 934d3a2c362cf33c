"""Silences that cannot be saved are refused, and all is as before."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from exporter.alerting.alert_store import MemoryAlertStore
from exporter.alerting.saving import expire_saved, put_saved
from exporter.alerting.silences import Silence, Silences
from exporter.config.alertmanager.matchers import parse_matchers
from exporter.errors import StateError
from exporter.model.labels import Labels

NEW = Silence("", tuple(parse_matchers('a="b"')), 0.0, 1e9, "me", "why")
ALERT = Labels({"a": "b"})


class FullDisk(MemoryAlertStore):
    """A store that can be made to fail."""

    is_full = False

    async def save_silences(self, silences: Sequence[Silence]) -> bool:
        await super().save_silences(silences)
        return not self.is_full


def test_a_silence_that_cannot_be_saved_is_none() -> None:
    async def story() -> None:
        silences, alert_store = Silences(10), FullDisk()
        alert_store.is_full = True
        with pytest.raises(StateError, match="cannot be saved"):
            await put_saved(silences, alert_store, NEW, 5.0)
        assert list(silences) == []
        assert silences.silencing(ALERT, 6.0) == ()
        assert (await alert_store.load()).silences == ()

    asyncio.run(story())


def test_one_that_was_there_is_as_before() -> None:
    async def story() -> None:
        silences, alert_store = Silences(10), FullDisk()
        made = await put_saved(silences, alert_store, NEW, 5.0)
        alert_store.is_full = True
        other_matchers = tuple(parse_matchers('a="c"'))
        for change in (replace(made, ends_at=2e9), replace(made, matchers=other_matchers)):
            with pytest.raises(StateError):
                await put_saved(silences, alert_store, change, 6.0)
        with pytest.raises(StateError):
            await expire_saved(silences, alert_store, made.id, 7.0)
        assert list(silences) == [made]
        assert silences.silencing(ALERT, 8.0) == (made.id,)
        assert (await alert_store.load()).silences == (made,)
        alert_store.is_full = False
        await expire_saved(silences, alert_store, made.id, 9.0)
        assert silences.silencing(ALERT, 9.0) == ()

    asyncio.run(story())
