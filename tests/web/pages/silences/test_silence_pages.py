"""Silences are listed, made after a look at what they hit, extended, changed and ended, by forms alone."""

import re
from collections.abc import Sequence

import pytest

from exporter.alerting.silences import Silence, SilenceState
from exporter.clock import SystemClock
from exporter.config.alertmanager.matchers import parse_matchers
from exporter.model.alert import Alert
from exporter.web.pages.context import PageContext
from tests.rules.world import World, make_group
from tests.web.directory import Rules
from tests.web.pages.page_context import page_context
from tests.web.pages.visitor import Visitor, alert, visit

NOW = SystemClock().now()
FIRE = alert("Fire", NOW, instance="kitchen", severity="critical")
SMOKE = alert("Smoke", NOW, instance="kitchen", severity="warning")
WATCHDOG = alert("Alive", NOW, severity="none")
HOSTILE = '<script>alert("1")</script>\x1b\u202e'


def silences(context: PageContext) -> Sequence[Silence]:
    return sorted(context.alerting.silences, key=lambda one: one.updated_at)


def silence(matchers: str, begins_in: float = 0, seconds: float = 3600, comment: str = "moving") -> Silence:
    return Silence(
        "", tuple(parse_matchers(matchers)), NOW + begins_in, NOW + begins_in + seconds, "ann", comment
    )


def seen(page: str) -> str:
    """The text between the tags of what is special about a page."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


def test_a_silence_is_made_after_a_look_at_what_it_hits() -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        page = await visitor.get(
            "/silences/new?filter=%7Balertname%3D%22Fire%22%7D&comment=the+roof&duration=30m"
        )
        assert "1 of 2 alerts that fire now" in seen(page)
        assert "Fire &lt;b&gt;happened&lt;/b&gt;" in page
        assert "Smoke" not in page
        assert visitor.form()[1]["comment"] == "the roof"
        said = re.findall(r"Silence until (\d\d:\d\d)<", page)
        await visitor.submit(preview="1", filter='alertname=~"Fire|Smoke"', created_by="bob")
        page = visitor.page.text
        assert "every alert that fires now (2)" in seen(page)
        assert not list(context.alerting.silences)
        await visitor.submit()
        page = await visitor.follow()
        assert f"Silenced until {said[0]}" in seen(page)
        assert "Made by bob" in seen(page)
        (made,) = silences(context)
        assert (made.created_by, made.comment) == ("bob", "the roof")
        assert made.ends_at == pytest.approx(context.clock.now() + 1800, abs=60)
        assert context.alerting.status(FIRE.labels).silenced_by == (made.id,)

    visit(context, story, [FIRE, SMOKE, WATCHDOG])


def test_the_button_says_when_it_ends_and_that_is_when_it_ends() -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        await visitor.get("/silences/new?filter=a%3Db")
        until = float(visitor.form()[1]["until"])
        later = {"comment": "x", "created_by": "bob"}
        await visitor.submit(**later)
        assert silences(context)[0].ends_at == until
        await visitor.get("/silences/new?filter=a%3Dc")
        await visitor.submit(**later, duration="5h")
        assert silences(context)[1].ends_at == pytest.approx(context.clock.now() + 5 * 3600, abs=30)

    visit(context, story)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"filter": ""}, "Name what is to be silenced"),
        ({"filter": 'a="b", c'}, "1:9: expected an operator"),
        ({"filter": 'a="b",\nc'}, "2:2: expected an operator"),
        ({"filter": 'a=~"("'}, "is not a regular expression"),
        ({"filter": 'a=~".*"'}, "At least one matcher must not match the empty string"),
        ({"duration": "2 hours"}, "is not a duration"),
        ({"duration": "0s"}, "between 1s and 3650d"),
        ({"duration": "11y"}, "between 1s and 3650d"),
        ({"starts": "tomorrow"}, "write a time in UTC"),
        ({"starts": "9999-12-31 23:59"}, "more than ten years ahead"),
        ({"starts": "0001-01-01T00:00+14:00"}, "That is over"),
        ({"comment": " "}, "Say why"),
        ({"created_by": ""}, "Say who you are"),
        ({"comment": "x" * 100_001}, "longer than 100000 characters"),
    ],
)
def test_what_is_wrong_stands_under_its_field_and_what_was_typed_stays(
    typed: dict[str, str], sentence: str
) -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        good = {"filter": 'a="b"', "comment": "the roof", "created_by": "bob", "duration": "3h", "starts": ""}
        await visitor.get("/silences/new")
        answer = await visitor.submit(**(good | typed))
        assert answer.status_code == 422
        (name,) = typed
        error = re.findall(rf'<p class="wrong" id="e-{name}">(.*?)</p>', answer.text, re.DOTALL)
        assert len(error) == 1
        assert sentence in seen(f"<main>{error[0]}")
        fields = visitor.form()[1]
        assert {key: fields[key].strip() for key in good} == {
            key: value.strip() for key, value in (good | typed).items()
        }
        assert not list(context.alerting.silences)

    visit(context, story)


def test_an_old_form_does_nothing_and_is_shown_again() -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        made = await context.alerting.put_silence(silence("a=b"))
        typed = {"filter": "x=y", "comment": "kept", "created_by": "bob"}
        await visitor.get("/silences/new")
        for token in ("", "0" * 64, "é\u2028", context.renderer.tokens.make(NOW - 3 * 86_400)):
            answer = await visitor.submit(**typed, token=token)
            assert "nothing was done" in answer.text
            assert visitor.form()[1]["comment"] == "kept"
            assert silences(context) == [made]
        # The form that was shown again has a new token.
        await visitor.submit()
        assert visitor.page.status_code == 303
        for number in range(3):
            await visitor.get(f"/silences/{made.id}")
            answer = await visitor.submit(number, token="", by="1h")
            assert "nothing was done" in answer.text
        assert context.alerting.silences.get(made.id) == made

    visit(context, story)


def test_a_silence_is_extended() -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        made = await context.alerting.put_silence(silence("a=b"))
        await visitor.get(f"/silences/{made.id}")
        await visitor.submit(0, by="4h")
        assert "Extended" in seen(await visitor.follow())
        await visitor.submit(1, duration="90m")
        await visitor.follow()
        (now,) = silences(context)
        assert now.id == made.id
        assert now.ends_at == pytest.approx(made.ends_at + 5.5 * 3600)
        for wrong in ("", "soon", "-1h", "20y", "99999999999999y"):
            answer = await visitor.submit(1, duration=wrong)
            assert answer.status_code == 422
            assert visitor.form(1)[1]["duration"] == wrong
        assert silences(context) == [now]

    visit(context, story)


def test_a_silence_is_expired_and_can_be_made_again() -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        made = await context.alerting.put_silence(silence("alertname=Fire", comment="the roof"))
        assert "1 of 1 alert that fires now is silenced" in seen(await visitor.get("/silences"))
        await visitor.get(f"/silences/{made.id}")
        await visitor.submit(2)
        page = await visitor.follow()
        assert "No longer silenced" in seen(page)
        assert context.alerting.status(FIRE.labels).silenced_by == ()
        assert 'method="post"' not in page
        again = re.findall(r'href="\.\./(silences/new\?[^"]+)"', page)
        await visitor.get("/" + again[0].replace("&amp;", "&"))
        assert visitor.form()[1]["filter"] == '{alertname="Fire"}'
        assert visitor.form()[1]["comment"] == "the roof"
        # Somebody else was faster.
        for action in ("extend", "expire"):
            token = context.renderer.tokens.make(context.clock.now())
            await visitor.client.post(f"/silences/{made.id}/{action}", data={"token": token, "by": "1h"})
        assert [one.state(context.clock.now()) for one in silences(context)] == [SilenceState.EXPIRED]

    visit(context, story, [FIRE])


def test_a_change_of_its_matchers_makes_another_silence_as_in_alertmanager() -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        made = await context.alerting.put_silence(silence("a=b"))
        await visitor.get(f"/silences/{made.id}/edit")
        await visitor.submit(comment="another reason")
        await visitor.follow()
        (same,) = silences(context)
        assert (same.id, same.comment, same.ends_at) == (made.id, "another reason", made.ends_at)
        await visitor.get(f"/silences/{made.id}/edit")
        await visitor.submit(filter='a="c"')
        page = seen(await visitor.follow())
        assert f"Made of another by ann : {made.id[:7]}" in page
        now = context.clock.now()
        states = {one.id: one.state(now) for one in silences(context)}
        assert states.pop(made.id) is SilenceState.EXPIRED
        assert list(states.values()) == [SilenceState.ACTIVE]
        assert "Replaced by another" in seen(await visitor.get(f"/silences/{made.id}"))

    visit(context, story)


def test_a_silence_can_begin_later() -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        await visitor.get("/silences/new?filter=a%3Db&comment=window")
        await visitor.submit(starts="2090-01-01 22:00", created_by="bob")
        assert "more than ten years" in visitor.page.text
        made = await context.alerting.put_silence(silence("a=b", 86_400))
        page = seen(await visitor.get("/silences"))
        assert "Not begun yet 1" in page
        await visitor.get(f"/silences/{made.id}/edit")
        await visitor.submit(duration="2h")
        (now,) = silences(context)
        assert now.id == made.id
        assert now.starts_at == pytest.approx(made.starts_at, abs=1)
        assert now.ends_at == pytest.approx(now.starts_at + 7200, abs=1)

    visit(context, story)


def test_who_has_signed_in_is_who_did_it() -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        await visitor.get("/silences/new?filter=a%3Db&comment=x")
        assert visitor.form()[1]["created_by"] == "carol"
        await visitor.submit(created_by="for dave")
        assert "Made by carol" in seen(await visitor.follow())
        assert silences(context)[0].created_by == "for dave"

    visit(context, story, user="carol")


def test_who_has_not_signed_in_says_it_once() -> None:
    context = page_context()

    async def story(visitor: Visitor) -> None:
        await visitor.get("/silences/new?filter=a%3Db&comment=x")
        assert visitor.form()[1]["created_by"] == ""
        await visitor.submit(created_by='Zoë; "päth"')
        assert "httponly" in visitor.page.headers["set-cookie"].lower()
        await visitor.get("/silences/new?filter=a%3Dc")
        assert visitor.form()[1]["created_by"] == 'Zoë; "päth"'

    visit(context, story)


def test_what_others_wrote_is_escaped_everywhere() -> None:
    context = page_context()
    hostile = alert(HOSTILE, NOW, instance=HOSTILE, severity=HOSTILE)

    async def story(visitor: Visitor) -> None:
        await visitor.get("/silences/new")
        typed = {"filter": 'alertname!="x",a!="<script>"', "comment": HOSTILE, "created_by": HOSTILE}
        pages = [
            (await visitor.submit(preview="1", **typed)).text,
            (await visitor.submit(duration=HOSTILE)).text,
        ]
        await visitor.submit(duration="1h")
        pages.append(await visitor.follow())
        identity = silences(context)[0].id
        pages += [await visitor.get(path) for path in ("/silences", f"/silences/{identity}/edit")]
        for page in pages:
            assert "<script>" not in page
            main = page.partition("<main")[2]
            shown = re.sub(r'value="[^"]*"|<textarea.*?</textarea>', "", main, flags=re.DOTALL)
            assert "\u202e" not in shown
            assert "\x1b" not in shown

    visit(context, story, [hostile])


def test_a_silence_that_would_stop_the_watchdog_says_so() -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/silences/new?filter=alertname%3D~%22.%2B%22")
        assert "It also keeps back Alive" in seen(page)
        assert "every alert that fires now (1)" in seen(page)
        assert "watchdog" not in seen(await visitor.get("/silences/new?filter=alertname%3DFire"))

    visit(page_context(), story, [FIRE, WATCHDOG])


def test_long_lists_are_cut_and_can_be_searched() -> None:
    context = page_context()
    alerts: list[Alert] = [alert("Many", NOW, instance=f"host-{number}") for number in range(70)]

    async def story(visitor: Visitor) -> None:
        for number in range(120):
            await context.alerting.put_silence(silence(f"instance=host-{number:03}"))
        page = await visitor.get("/silences")
        assert page.count('<tr id="s-') == 50
        assert "and 70 more" in page
        assert (await visitor.get("/silences?state=active")).count('<tr id="s-') == 120
        assert (await visitor.get("/silences?filter=HOST-07")).count('<tr id="s-') == 10
        assert "None with" in seen(await visitor.get("/silences?filter=nothing-like-it"))
        assert (await visitor.client.get("/silences?state=other")).status_code == 400
        page = await visitor.get("/silences/new?filter=alertname%3DMany")
        assert page.count('<tr id="hit-') == 50
        assert "and 20 more" in page

    visit(context, story, alerts)


def test_a_silence_that_is_not_there() -> None:
    async def story(visitor: Visitor) -> None:
        for path in ("/silences/0", "/silences/0/edit", "/silences/%3Cb%3E"):
            assert "There is no silence" in await visitor.get(path)
            assert visitor.page.status_code == 404
        assert "There is no silence" in await visitor.get("/silences")

    visit(page_context(), story)


def test_with_actions_off_nothing_can_be_done_and_no_button_says_it_could() -> None:
    context = page_context()
    web = context.in_force.config.web.model_copy(update={"actions": False})
    context.in_force.config = context.in_force.config.model_copy(update={"web": web})  # type: ignore[misc]

    async def story(visitor: Visitor) -> None:
        made = await context.alerting.put_silence(silence("a=b"))
        token = context.renderer.tokens.make(NOW)
        for path in ("/silences", "/silences/new?filter=a%3Db", f"/silences/{made.id}"):
            page = await visitor.get(path)
            assert "web.actions" in page
            assert 'method="post"' not in page
        for path in ("/silences/new", f"/silences/{made.id}/expire", f"/silences/{made.id}/extend"):
            answer = await visitor.client.post(path, data={"token": token, "by": "1h", "filter": "a=b"})
            assert answer.status_code == 403
            assert "switched off" in answer.text
        assert silences(context) == [made]

    visit(context, story)


def test_forms_are_bounded() -> None:
    async def story(visitor: Visitor) -> None:
        large = await visitor.client.post("/silences/new", data={"comment": "x" * (600 << 10)})
        assert large.status_code == 413
        many = await visitor.client.post("/silences/new", data={f"f{number}": "1" for number in range(40)})
        assert many.status_code == 400
        odd = await visitor.client.post("/silences/new", content=b"\xff\xfe&%ff=%00&comment=%ff%00")
        assert odd.status_code == 422

    visit(page_context(), story)


def test_alerts_that_are_pending_are_hit_too() -> None:
    world = World()
    world.at_ms = round(NOW * 1000)
    world.set(temperature=35)
    group = make_group(world, "- {alert: Warm, expr: temperature > 20, for: 5m, labels: {instance: kitchen}}")
    context = page_context(rules=Rules([group]))

    async def story(visitor: Visitor) -> None:
        await world.evaluate(group)
        page = await visitor.get("/silences/new?filter=instance%3Dkitchen")
        assert "every alert that fires now (1), and 1 that is pending" in seen(page)
        assert page.count('<tr id="hit-') == 2
        page = await visitor.get("/silences/new?filter=alertname%3DWarm")
        assert "none of 1 alert that fires now, and 1 that is pending" in seen(page)

    visit(context, story, [FIRE])
