"""Saving of silences: a change that cannot be saved is reverted, and raises an error."""

from collections.abc import Sequence

from exporter.alerting.alert_store import AlertStore
from exporter.alerting.silences import Silence, Silences
from exporter.errors import StateError


async def put_saved(silences: Silences, alert_store: AlertStore, silence: Silence, now: float) -> Silence:
    """Call `Silences.put` and save the result; raises `StateError` where that fails: then it is reverted."""
    known = silences.find(silence.id)
    changed = silences.put(silence, now)
    await _save(silences, alert_store, changed, known)
    return changed[-1]


async def expire_saved(silences: Silences, alert_store: AlertStore, silence_id: str, now: float) -> None:
    """Call `Silences.expire` and save the result; raises `StateError` as `put_saved` does."""
    known = silences.find(silence_id)
    await _save(silences, alert_store, silences.expire(silence_id, now), known)


async def _save(
    silences: Silences, alert_store: AlertStore, changed: Sequence[Silence], known: Silence | None
) -> None:
    if not changed or await alert_store.save_silences(changed):
        return
    before = [known] if known else []
    await alert_store.delete_silences(silences.revert(changed, before))
    await alert_store.save_silences(before)
    raise StateError("the silence cannot be saved, so nothing has changed: see the log of the daemon")
