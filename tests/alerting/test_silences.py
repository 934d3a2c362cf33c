"""Silences by themselves."""

from dataclasses import replace

import pytest

from exporter.alerting.silences import (
    RETENTION_SECONDS,
    InvalidSilenceError,
    Silence,
    Silences,
    SilenceState,
    UnknownSilenceError,
)
from exporter.config.alertmanager.matchers import parse_matchers
from exporter.model.labels import Labels

NOW = 1000.0
DOWN = Labels({"alertname": "Down"})


def silence(
    matchers: str = "alertname=Down", starts_at: float = 0.0, ends_at: float = 2000.0, comment: str = "c"
) -> Silence:
    return Silence("", tuple(parse_matchers(matchers)), starts_at, ends_at, "me", comment)


@pytest.fixture
def silences() -> Silences:
    return Silences(limit=3)


def test_a_new_one_gets_an_id_and_begins_now_at_the_earliest(silences: Silences) -> None:
    (made,) = silences.put(silence(starts_at=500.0), NOW)
    assert made.id
    assert made.starts_at == NOW
    assert made.updated_at == NOW
    assert silences.get(made.id) == made


def test_a_silence_is_pending_then_active_then_expired(silences: Silences) -> None:
    (made,) = silences.put(silence(starts_at=1100.0), NOW)
    assert [made.state(at) for at in (1099.0, 1100.0, 1999.0, 2000.0)] == [
        SilenceState.PENDING,
        SilenceState.ACTIVE,
        SilenceState.ACTIVE,
        SilenceState.EXPIRED,
    ]
    assert silences.silencing(DOWN, 1099.0) == ()
    assert silences.silencing(DOWN, 1100.0) == (made.id,)
    assert silences.silencing(DOWN, 2000.0) == ()
    assert silences.silencing(Labels({"alertname": "Up"}), 1100.0) == ()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (silence(matchers=""), "at least one matcher is required"),
        (silence(matchers='a="",b=~".*"'), "at least one matcher must not match the empty string"),
        (silence(starts_at=1500.0, ends_at=1500.0), "the start must be before the end"),
        (silence(ends_at=999.0, starts_at=900.0), "the end must not be in the past"),
        (silence(comment="x" * 200_000), "comment and author are longer than 100000 characters"),
        (silence(matchers=",".join(f"a{i}=x" for i in range(1001))), "there are more than 1000 matchers"),
    ],
)
def test_what_cannot_be_accepted(silences: Silences, wrong: Silence, sentence: str) -> None:
    with pytest.raises(InvalidSilenceError) as caught:
        silences.put(wrong, NOW)
    assert str(caught.value) == sentence
    assert list(silences) == []


def test_one_matcher_that_does_not_match_the_empty_text_is_enough(silences: Silences) -> None:
    assert silences.put(silence(matchers='a="",b="x"'), NOW)
    assert silences.put(silence(matchers='a!="x"'), NOW)


def test_the_end_of_an_active_one_can_be_changed(silences: Silences) -> None:
    (made,) = silences.put(silence(), NOW)
    (changed,) = silences.put(replace(made, ends_at=5000.0, comment="longer"), 1200.0)
    assert changed.id == made.id
    assert (changed.ends_at, changed.comment, changed.updated_at) == (5000.0, "longer", 1200.0)
    assert len(list(silences)) == 1


@pytest.mark.parametrize("change", [{"matchers": tuple(parse_matchers("a=b"))}, {"starts_at": 1300.0}])
def test_what_rewrites_the_past_ends_it_and_makes_a_new_one(
    silences: Silences, change: dict[str, float]
) -> None:
    (made,) = silences.put(silence(), NOW)
    old, new = silences.put(replace(made, **change), 1200.0)  # type: ignore[arg-type]  # fields by name
    assert (old.id, old.ends_at) == (made.id, 1200.0)
    assert old.state(1200.0) is SilenceState.EXPIRED
    assert new.id != made.id
    assert silences.get(new.id).starts_at == max(1200.0, change.get("starts_at", 0.0))


def test_a_pending_one_can_be_moved(silences: Silences) -> None:
    (made,) = silences.put(silence(starts_at=1500.0), NOW)
    (moved,) = silences.put(replace(made, starts_at=1600.0), 1200.0)
    assert (moved.id, moved.starts_at) == (made.id, 1600.0)


def test_an_expired_one_cannot_be_changed_but_made_anew(silences: Silences) -> None:
    (made,) = silences.put(silence(), NOW)
    silences.expire(made.id, 1100.0)
    (new,) = silences.put(replace(made, ends_at=9000.0), 1200.0)
    assert new.id != made.id
    assert silences.get(made.id).ends_at == 1100.0


def test_a_silence_can_be_expired_before_its_end_or_its_start(silences: Silences) -> None:
    (active,) = silences.put(silence(), NOW)
    (pending,) = silences.put(silence(starts_at=1500.0), NOW)
    (ended,) = silences.expire(pending.id, 1200.0)
    assert (ended.starts_at, ended.ends_at) == (1200.0, 1200.0)
    assert ended.state(1200.0) is SilenceState.EXPIRED
    assert silences.expire(active.id, 1200.0)[0].ends_at == 1200.0
    assert silences.expire(active.id, 1300.0) == []
    with pytest.raises(UnknownSilenceError):
        silences.expire("no-such-id", NOW)
    with pytest.raises(UnknownSilenceError):
        silences.put(replace(silence(), id="no-such-id"), NOW)


def test_the_number_is_limited(silences: Silences) -> None:
    for _ in range(3):
        silences.put(silence(), NOW)
    with pytest.raises(InvalidSilenceError, match="3 silences already"):
        silences.put(silence(), NOW)


def test_what_is_remembered_about_an_alert_follows_new_silences(silences: Silences) -> None:
    (first,) = silences.put(silence(), NOW)
    assert silences.silencing(DOWN, NOW) == (first.id,)
    (second,) = silences.put(silence(matchers="alertname=~D.*"), NOW)
    silences.put(silence(matchers="alertname=Other"), NOW)
    assert silences.silencing(DOWN, NOW) == (first.id, second.id)
    silences.expire(first.id, 1100.0)
    assert silences.silencing(DOWN, 1100.0) == (second.id,)


def test_the_dot_does_not_match_a_line_break(silences: Silences) -> None:
    silences.put(silence(matchers="alertname=~a.b"), NOW)
    assert silences.silencing(Labels({"alertname": "a\nb"}), NOW) == ()
    assert silences.silencing(Labels({"alertname": "axb"}), NOW)


def test_what_ended_long_ago_is_forgotten(silences: Silences) -> None:
    (made,) = silences.put(silence(), NOW)
    (kept,) = silences.put(silence(ends_at=3000.0), NOW)
    assert silences.silencing(DOWN, NOW) == (made.id, kept.id)
    end = 2000.0 + RETENTION_SECONDS
    assert silences.collect_garbage(end - 1) == []
    assert silences.collect_garbage(end) == [made.id]
    assert silences.silencing(DOWN, 2500.0) == (kept.id,)
    assert silences.count(2500.0) == {
        SilenceState.ACTIVE: 1,
        SilenceState.PENDING: 0,
        SilenceState.EXPIRED: 0,
    }
