"""Faults and attacks: a module per kind, named after what a user would see. Some have theirs elsewhere.

- a header, a URL, a body without end; half requests; idle connections; too many of them: `test_http_in`
- servers whose replies never end, are huge or none: `test_hostile_servers`
- the end, whatever hangs: `test_end`
- requests of which a proxy and the daemon could see different ends: `test_ambiguous_requests`
- methods that a path does not have: `test_methods`
- pages of other origins, and other names of the host (CSRF, DNS rebinding, CORS): `test_other_origins`; in a
  browser: `test_in_chromium`; each header: `tests/web/test_origin`
- everything at once: `test_soak`, for an hour: `benchmarks/soak.py`
- heavy queries: `tests/web/test_turns`; how long the event loop stands: `benchmarks/loop.py`
- wrong passwords: `tests/web/test_auth`
- alerts that are no alerts: `tests/web/test_api_v2_hostile`
- the clock is set, the process stopped: `tests/live/test_clock`, `tests/test_clock`
- `kill -9` of the daemon: `tests/live/test_kills`, `tests/state/test_storm`
- connections that are cut: `tests/fast/test_cut_connections`, `tests/connection/test_early_end`
- names that lead elsewhere, or nowhere: `tests/fast/test_moved_name`, `tests/connection/test_names`
- receivers that fail, hang or are slow: `tests/alerting/test_delivery`, `tests/notify`
- commands that a server refuses: `tests/fast/test_managed`, `tests/fast/test_reasons`
- certificates that end: `tests/fast/test_certificate`, `tests/connection/test_certificate`
- a state database that cannot be used: `tests/state/test_database`
"""
