"""Names that begin with another word."""

from exporter.metrics.namespace import rename

PAGE = b"""# HELP redis_up Whether redis_up is 1.
# TYPE redis_up gauge
redis_up{instance="redis_1"} 1
# TYPE redis_vigil_build_info gauge
redis_vigil_build_info 1
# UNIT process_cpu_seconds_total redis_
process_cpu_seconds_total 1
# EOF
"""


def test_names_of_servers_metrics_are_changed_and_nothing_else() -> None:
    assert rename(PAGE, "shop") == (
        PAGE.replace(b"HELP redis_up", b"HELP shop_up")
        .replace(b"TYPE redis_up", b"TYPE shop_up")
        .replace(b"redis_up{", b"shop_up{")
    )
    assert rename(PAGE, "redis") is PAGE


def test_a_piece_of_a_page_begins_with_the_end_of_a_line() -> None:
    assert rename(b"\nredis_up 1\nredis_x 2", "shop") == b"\nshop_up 1\nshop_x 2"
