"""The former place of `exporter.queues`, kept for one release: frameworks of other packages import it.

Importing it, or one of its modules, warns and hands out the modules of the new place, so that a class is the
same object under both names.
"""

import sys
from importlib import import_module
from typing import Final
from warnings import warn

# What a framework is written with (docs/queues.md).
_MODULES: Final = (
    "base",
    "clients",
    "ends",
    "frameworks",
    "heads",
    "job_keys",
    "known",
    "model",
    "probes",
    "replies",
    "steps",
    "timestamps",
    "vocabulary",
)

warn("exporter.samplers.queues is now exporter.queues", DeprecationWarning, stacklevel=2)
for name in _MODULES:
    module = import_module(f"exporter.queues.{name}")
    sys.modules[f"{__name__}.{name}"] = module
    globals()[name] = module
