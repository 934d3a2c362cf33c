"""Why keys of Telegraf's inputs have no counterpart, in words."""

from collections.abc import Mapping
from typing import Final

_OF_NAMES: Final = "is not taken: metrics have fixed names here, write tags as labels"
_OF_FILTERS: Final = (
    "is not taken: every metric is sampled; remote_write.write_relabel_configs can leave some out"
)
_OF_TIMES: Final = "is not taken: servers are sampled at moments spread over the interval"
_OF_TLS: Final = "is not taken: TLS 1.2 and later with secure ciphers is spoken"

REASONS: Final[Mapping[str, str]] = {
    "alias": "is not taken: a target is named by instance",
    "name_override": _OF_NAMES,
    "name_prefix": _OF_NAMES,
    "name_suffix": _OF_NAMES,
    **dict.fromkeys(
        ("namepass", "namedrop", "fieldpass", "fielddrop", "fieldinclude", "fieldexclude", "metricpass"),
        _OF_FILTERS,
    ),
    **dict.fromkeys(("tagpass", "tagdrop", "taginclude", "tagexclude"), _OF_FILTERS),
    **dict.fromkeys(("precision", "collection_jitter", "collection_offset"), _OF_TIMES),
    **dict.fromkeys(
        ("tls_min_version", "tls_max_version", "tls_cipher_suites", "tls_renegotiation_method"), _OF_TLS
    ),
    "tls_key_pwd": "is not taken: keys are read without a password, decrypt it into a file of its own",
    "log_level": "is not taken: `redis-vigil --log.level` is for the whole daemon",
    "startup_error_behavior": "is not needed: a server that does not answer is tried again and again",
}
"""By key of a plugin."""

AGENT_REASONS: Final[Mapping[str, str]] = {
    "hostname": "is not taken: write it as a label, or under global.external_labels for alerts",
    "collection_jitter": _OF_TIMES,
    "collection_offset": _OF_TIMES,
}
"""By key of `[agent]`; the others are about Telegraf itself."""
