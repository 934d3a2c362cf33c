"""Recording and alerting rules: Prometheus rule files, loaded, evaluated on their own schedule, tested.

`load.load_rule_files` reads them, `manager.RuleManager` runs them; what they need of the rest of the daemon
is in `environment`.
"""
