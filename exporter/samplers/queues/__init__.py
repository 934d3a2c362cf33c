"""The former place of `exporter.queues`, kept for one release: frameworks of other packages import it.

Importing it, or one of its modules, warns and hands out what stands at the new place, also under the names of
before, so that a class is the same object under both.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Final
from warnings import warn

# The modules that a framework is written with (docs/queues.md), those of before first.
_MODULES: Final = {
    "base": "base",
    "clients": "clients",
    "ends": "ends",
    "foresight": "prefetch",
    "frameworks": "frameworks",
    "heads": "heads",
    "job_keys": "job_keys",
    "known": "known",
    "model": "model",
    "probes": "probes",
    "replies": "replies",
    "silence": "stale_workers",
    "steps": "steps",
    "timestamps": "timestamps",
    "vocabulary": "vocabulary",
}
_NAMES: Final = {
    "Foresight": "SpeculativeCache",
    "Moment": "ReadContext",
    "Sightings": "CandidateKeys",
    "Signpost": "KeyPattern",
    "foreseen": "with_prefetch",
    "mapping": "field_map",
    "pairs": "scored_members",
    "refusal": "first_unsupported",
    "tell_derived": "write_derived",
    "tell_silent": "assign_stale_workers",
}


class _FormerModule(ModuleType):
    """A module under its former name."""

    def __init__(self, name: str, module: ModuleType) -> None:
        super().__init__(name)
        self.__path__ = getattr(module, "__path__", [])
        self._module = module

    def __getattr__(self, name: str) -> object:
        return getattr(self._module, _NAMES.get(name, name))


warn("exporter.samplers.queues is now exporter.queues", DeprecationWarning, stacklevel=2)
for former, name in _MODULES.items():
    module = _FormerModule(f"{__name__}.{former}", import_module(f"exporter.queues.{name}"))
    sys.modules[module.__name__] = globals()[former] = module
