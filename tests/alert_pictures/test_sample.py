"""The picture of a test message."""

import asyncio

from exporter.alert_pictures import SamplePictures
from exporter.notify.trial import trial_notification
from tests.charts.test_picture import pixels


def test_a_test_message_has_an_example_that_says_so() -> None:
    now = 1_700_000_000.0
    trial = trial_notification("ops", "http://vigil", now, description="A test.")
    picture = asyncio.run(SamplePictures().sample(trial.alerts[0], now))
    assert picture is not None
    assert picture.title == "An example: TestNotification"
    assert picture.fingerprint == trial.alerts[0].fingerprint
    assert picture.description.endswith("It fires above 85 %.")
    assert pixels(picture.png)[0] == 2 * picture.width
    assert asyncio.run(SamplePictures().draw(trial.alerts, now)) is None
