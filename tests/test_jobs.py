"""Periodic jobs: when they run, what becomes of those that fail or hang, and of a clock that is set."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

import bcrypt
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from exporter.errors import JobError
from exporter.jobs import JobScheduler, JobStatus
from exporter.timing.job import Job, every
from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon
from tests.fast.loop import FastLoop, run_fast


async def nothing() -> None:
    """Has nothing to do."""


def scheduler(*jobs: Job) -> JobScheduler:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FastLoop)
    return JobScheduler(jobs, loop.clock, CollectorRegistry())


def status_of(scheduler: JobScheduler, name: str = "job") -> JobStatus:
    return next(one for one in scheduler.statuses if one.job.name == name)


def recorder() -> tuple[list[float], Callable[[], Awaitable[None]]]:
    """Moments of the loop's time at which a job has run, and the job."""
    moments: list[float] = []

    async def run() -> None:
        moments.append(asyncio.get_running_loop().time())

    return moments, run


def test_jobs_run_at_their_interval_and_at_once_if_they_want_that() -> None:
    async def story() -> None:
        late, run_late = recorder()
        soon, run_soon = recorder()
        jobs = scheduler(
            Job("late", run_late, every(60), 5), Job("soon", run_soon, every(60), 5, at_once=True)
        )
        began = asyncio.get_running_loop().time()
        await jobs.start()
        await asyncio.sleep(190)
        assert [moment - began for moment in late] == pytest.approx([60, 120, 180], abs=0.1)
        assert [moment - began for moment in soon] == pytest.approx([0, 60, 120, 180], abs=0.1)
        await jobs.stop()
        await asyncio.sleep(190)
        assert len(late) == 3

    run_fast(story())


def test_an_interval_that_changes_holds_from_the_next_run_on() -> None:
    async def story() -> None:
        seconds = 10.0
        moments, run = recorder()
        jobs = scheduler(Job("job", run, lambda: seconds, 5))
        await jobs.start()
        await asyncio.sleep(11)
        seconds = 100.0
        await asyncio.sleep(300)
        await jobs.stop()
        assert [after - before for before, after in itertools.pairwise(moments)] == pytest.approx(
            [10, 100, 100], abs=0.1
        )

    run_fast(story())


@pytest.mark.parametrize("hours", [-1, 1])
def test_jobs_go_on_at_their_interval_when_the_wall_clock_is_set(hours: int) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        moments, run = recorder()
        jobs = scheduler(Job("job", run, every(60), 5))
        await jobs.start()
        await asyncio.sleep(90)
        loop.clock.set_seconds += 3600 * hours
        await asyncio.sleep(300)
        await jobs.stop()
        gaps = [after - before for before, after in itertools.pairwise(moments)]
        assert gaps == pytest.approx([60] * 5, abs=0.1)

    run_fast(story())


def test_a_job_that_fails_is_counted_and_runs_again_and_others_do_not_notice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        moments, run = recorder()

        async def fail() -> None:
            raise OSError("disk full")

        jobs = scheduler(Job("broken", fail, every(10), 5), Job("job", run, every(10), 5))
        await jobs.start()
        await asyncio.sleep(35)
        broken = status_of(jobs, "broken")
        assert (broken.runs["failure"], broken.runs["success"], broken.last_outcome) == (3, 0, "failure")
        assert broken.last_success_at == 0
        assert len(moments) == 3
        assert "a job failed" in caplog.text
        await jobs.stop()

    run_fast(story())


def test_a_job_that_hangs_is_cut_off_at_its_deadline() -> None:
    async def story() -> None:
        jobs = scheduler(Job("job", asyncio.Event().wait, every(60), 20))
        await jobs.start()
        await asyncio.sleep(150)
        status = status_of(jobs)
        assert status.runs == {"success": 0, "failure": 0, "timeout": 2, "skipped": 0}
        assert status.last_duration_seconds == pytest.approx(20, abs=0.1)
        await jobs.stop()

    run_fast(story())


def test_a_timeout_of_the_jobs_own_is_a_failure() -> None:
    async def story() -> None:
        async def ask() -> None:
            raise TimeoutError("no answer")

        jobs = scheduler(Job("job", ask, every(60), 20))
        await jobs.start()
        await asyncio.sleep(70)
        assert status_of(jobs).runs["failure"] == 1
        await jobs.stop()

    run_fast(story())


def test_runs_never_overlap_and_end_quietly(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        running, most = 0, 0

        async def run() -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(25)
            running -= 1

        jobs = scheduler(Job("job", run, every(10), 60))
        await jobs.start()
        await asyncio.sleep(65)
        status = status_of(jobs)
        assert most == 1
        assert (status.runs["success"], status.runs["skipped"]) == (1, 4)
        await jobs.stop()
        assert running == 1, "it was cancelled on its way"
        assert not any(record.exc_info for record in caplog.records)

    run_fast(story())


def test_what_is_known_of_runs_is_in_the_clock_of_the_daemon() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        registry, clock = CollectorRegistry(), loop.clock
        jobs = JobScheduler([Job("job", nothing, every(60), 5)], clock, registry)
        assert status_of(jobs).next_run_at == 0
        await jobs.start()
        await asyncio.sleep(61)
        status = status_of(jobs)
        assert status.last_run_at == pytest.approx(clock.now() - 1, abs=0.5)
        assert status.next_run_at == pytest.approx(clock.now() + 59, abs=0.5)
        page = generate_latest(registry).decode()
        assert 'redis_vigil_job_runs_total{job="job",outcome="success"} 1.0' in page
        assert 'redis_vigil_job_next_run_timestamp_seconds{job="job"}' in page
        await jobs.stop()
        await jobs.stop()

    run_fast(story())


def test_the_daemon_runs_its_jobs_and_tells_of_them(start_server: StartServer) -> None:
    async def story() -> None:
        async with FastDaemon(start_server()) as daemon:
            await daemon.pass_time("3m")
            jobs = {job["name"]: job for job in (await daemon.get("/api/jobs")).json()["jobs"]}
            assert jobs.keys() >= {"own_metrics", "memory_limit", "retention", "alert_maintenance"}
            for job in jobs.values():
                assert job["last_outcome"] == "success", job
                assert job["next_run_at"] > job["last_run_at"]
            assert jobs["retention"]["runs"] == {"success": 3, "failure": 0, "timeout": 0, "skipped": 0}
            assert daemon.value('redis_vigil_job_runs_total{job="retention",outcome="failure"}') == 0

    run_fast(story())


def test_jobs_of_the_daemon_go_on_when_its_clock_is_set_back_an_hour() -> None:
    async def story() -> None:
        async with FastDaemon() as daemon:
            await daemon.pass_time("3m")
            before = {one.job.name: one.runs["success"] for one in daemon.app.jobs.statuses}
            daemon.loop.clock.set_seconds -= 3600
            await daemon.pass_time("3m")
            after = {one.job.name: one for one in daemon.app.jobs.statuses}
            assert after["retention"].runs["success"] == before["retention"] + 3
            for status in after.values():
                assert status.last_outcome == "success"
                left = status.next_run_at - daemon.app.core.clock.now()
                assert -1 < left <= status.job.interval_seconds() + 1

    run_fast(story())


def test_the_list_of_jobs_asks_for_a_password_where_all_else_does(tmp_path: Path) -> None:
    (tmp_path / "web-config.yml").write_text(
        yaml.safe_dump({"basic_auth_users": {"bob": bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()}})
    )

    async def story() -> None:
        async with FastDaemon({"web": {"config_file": str(tmp_path / "web-config.yml")}}) as daemon:
            assert (await daemon.get("/api/jobs")).status_code == 401
            assert (await daemon.ask("GET", "/api/jobs", auth=("bob", "secret"))).status_code == 200

    run_fast(story())


def test_an_interval_from_the_end_leaves_no_run_out_however_long_one_takes() -> None:
    async def story() -> None:
        began = asyncio.get_running_loop().time()
        moments: list[float] = []

        async def run() -> None:
            moments.append(asyncio.get_running_loop().time() - began)
            await asyncio.sleep(25)

        jobs = scheduler(Job("job", run, every(10), 30, from_end=True))
        await jobs.start()
        await asyncio.sleep(120)
        assert moments == pytest.approx([10, 45, 80, 115], abs=0.1)
        assert status_of(jobs).runs == {"success": 3, "failure": 0, "timeout": 0, "skipped": 0}
        await jobs.stop()

    run_fast(story())


def test_jobs_come_and_go_while_others_run_and_one_can_be_run_at_once() -> None:
    async def story() -> None:
        moments, run = recorder()
        jobs = scheduler()
        jobs.add(Job("job", run, every(60), 5))
        with pytest.raises(ValueError, match="there is a job job already"):
            jobs.add(Job("job", run, every(60), 5))
        await jobs.start()
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(10)
        jobs.run_soon("job")
        await asyncio.sleep(70)
        assert [moment - began for moment in moments] == pytest.approx([10, 70], abs=0.1)
        await jobs.remove("job")
        await jobs.remove("job")
        jobs.run_soon("job")
        await asyncio.sleep(200)
        assert len(moments) == 2
        assert list(jobs.statuses) == []
        jobs.add(Job("other", run, every(60), 5, at_once=True))
        await asyncio.sleep(1)
        assert len(moments) == 3
        await jobs.stop()

    run_fast(story())


def test_a_run_under_way_ends_with_its_job() -> None:
    async def story() -> None:
        ended = asyncio.Event()

        async def hang() -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                ended.set()

        jobs = scheduler(Job("job", hang, every(60), 5000, at_once=True))
        await jobs.start()
        await asyncio.sleep(1)
        await jobs.remove("job")
        assert ended.is_set()
        await jobs.stop()

    run_fast(story())


def test_a_job_that_has_told_of_its_failure_is_counted_and_not_told_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise JobError("down")

    async def story() -> None:
        jobs = scheduler(Job("job", fail, every(60), 5, at_once=True))
        await jobs.start()
        await asyncio.sleep(1)
        assert status_of(jobs).runs["failure"] == 1
        await jobs.stop()

    run_fast(story())
    assert caplog.records == []
