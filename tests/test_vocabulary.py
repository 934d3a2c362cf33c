"""Names in the code are those of Prometheus, Alertmanager, Redis and asyncio."""

import io
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parent.parent

# Private words of earlier releases, each with the field's word that took its place.
RETIRED: Final = {
    "Agenda": "Schedule",
    "Asker": "Client",
    "ActiveIntervals": "TimeActiveStage",
    "AbandonedError": "QueryCancelledError",
    "Deduplicate": "DedupStage",
    "Fleet": "TargetManager",
    "Foresight": "SpeculativeCache",
    "Inhibit": "MuteStage",
    "Journal": "AlertStore",
    "Keeper": "StateStore",
    "Ledger": "SlowlogCursor",
    "LineMemory": "InfoDiff",
    "LockStep": "PipelinedRunner",
    "MemoryCap": "MemoryLimiter",
    "Miner": "PatternMiner",
    "MuteIntervals": "TimeMuteStage",
    "NotOurTurnError": "WrongRoleError",
    "OtherServerError": "ServerChangedError",
    "PatternBook": "PatternStats",
    "Piece": "Chunk",
    "Pinning": "StepInvariance",
    "Recall": "LookupStage",
    "Refusals": "CommandSupport",
    "RestingSampler": "IdleSampler",
    "RingView": "SlowlogSnapshot",
    "Shape": "Schema",
    "Sightings": "CandidateKeys",
    "Signpost": "KeyPattern",
    "Silenced": "MuteStage",
    "Survey": "KeyspaceSample",
    "Timetable": "Schedule",
    "ToldAlert": "NotifiedAlert",
    "TurnTaker": "CooperativeTask",
    "VITAL": "decides_up",
    "Wire": "RespProtocol",
    "begin_anew": "restart",
    "believes": "was_notified_firing",
    "bring_forward": "expedite",
    "flavour": "engine",
    "give_back": "malloc_trim",
    "give_way": "yield_control",
    "go_on": "advance",
    "hand_over": "detach",
    "is_at_rest": "is_idle",
    "is_telling": "is_notifying",
    "lay_down": "restore_chunk",
    "let_go_before": "evict_before",
    "needs_notification": "needs_update",
    "put_aside": "quarantine",
    "reach_ms": "range_ms",
    "relieve": "enforce",
    "settle": "mark_notified, resolve_future, finalize",
    "shed": "evict",
    "sort_out": "check_reply",
    "take_over": "copy_state",
    "telling": "notify",
}


def names(path: Path) -> Iterator[tuple[str, int]]:
    """The identifiers of a module, with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.NAME:
            yield token.string, token.start[0]


def test_retired_words_do_not_come_back() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}; the field's word is {RETIRED[name]}"
        for top in ("exporter", "tools")
        for path in sorted((ROOT / top).rglob("*.py"))
        for name, line in names(path)
        if name in RETIRED
    ]
    assert found == []


def test_no_module_is_called_by_a_retired_word() -> None:
    modules = {path.stem for path in (ROOT / "exporter").rglob("*.py")}
    retired = {
        "agenda",
        "asker",
        "fleet",
        "journal",
        "keeper",
        "ledger",
        "lockstep",
        "muting",
        "telling",
        "wire",
    }
    assert modules & retired == set()
