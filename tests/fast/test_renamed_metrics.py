"""Metrics of the daemon that got another name: the former one stays for one release."""

from tests.fast.daemon import FastDaemon, run_fast


def test_a_renamed_counter_has_both_names_and_the_former_says_which_to_use() -> None:
    async def story() -> None:
        async with FastDaemon() as daemon:
            daemon.app.alerting.environment.sink_failures_total = 3
            page = (await daemon.get("/metrics")).text
        assert "\nredis_vigil_alert_send_failures_total 3.0\n" in page
        assert "\nredis_vigil_alert_handover_failures_total 3.0\n" in page
        use = "Deprecated: use redis_vigil_alert_send_failures_total."
        assert f"# HELP redis_vigil_alert_handover_failures_total {use}\n" in page

    run_fast(story())
