"""Words from a database, a file or git are shown, never run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from pictures.jupyter import Watched, run_notebook
from pictures.panel import Panel

pytestmark = pytest.mark.browser
EVIL = """<img src=x onerror="window.pwned='%s'">'"--></style></svg><script>window.pwned='%s'</script>"""
# Every field of every kind of record that holds a text of the world's: drawn by the kit, and by the browser.
DRAWN = """
import ipywidgets
from kit import Plan
from kit.timeline import *
from kit.widgets import DeployPanel
from kit.widgets.deploy_panel import _facts, _plan_facts
from kit.widgets.deploy_picture import draw_picture
from kit.widgets.live_run import SeenVisit
from kit.experiments.prediction import measure
evil = lambda name: {evil!r}.replace("%s", name)
views = [PageView(at=i / 10, took=0.1, document=evil("document"), commit=evil("seen"), status=200,
                  outcome="lost", sqlstate=evil("sqlstate"), message=evil("error")) for i in range(30)]
records = [
    CommandRan(at=0, until=0.1, clone="dev", command="git push " + evil("command"), exit=0),
    RefMoved(at=0, repository="github", branch="main", old="", new=evil("pushed")),
    RefMoved(at=0, repository="dev", branch=evil("branch"), old="", new=evil("commit")),
    *(Deployed(at=i, commit=evil("deployed"), branch=evil("branch"), target="production", stage=stage,
               detail=evil("message of a commit")) for i, stage in enumerate(("queued", "live"))),
    MigrationApplied(at=2, database="cloud", version=evil("version"), name=evil("migration")),
    SchemaChanged(at=2, database="cloud", change="+" + evil("column")),
    *views,
    WorkerChanged(at=3, commit=evil("worker"), running=True),
]
plan = Plan(build=1, wait=2, clock="wall")
panel = DeployPanel(plan)
seen = _facts(plan, measure(Timeline.of(records), plan), "done")
panel.runs = [{{"id": 1, "plan": _plan_facts(plan), "ended": True, "end": "done", "seen": seen,
               "rows": [(i, view.at, 1) for i, view in enumerate(views)], "reason": evil("reason"),
               "grades": [dict(question=evil("question"), said=evil("said"), was=evil("was"), right=False)]}}]
shown = SeenVisit(
    view=views[0], page=evil("page"), entry=evil("log"), statement=evil("statement"), row=evil("row")
)
class Kept:
    number, run, graded = 1, type("Run", (), dict(visits=[shown] * 30, stop=lambda self: None))(), True
panel._kept.append(Kept)
ipywidgets.VBox([ipywidgets.HTML(draw_picture(Timeline.of(records), plan)), panel])
"""
# Every text of a message to the stage.
STAGED = """
from kit.widgets.stage import Stage
evil = lambda name: {evil!r}.replace("%s", name)
span = dict(start=0, end=9, new=True)
place = dict(name=evil("name"), lines=[evil("line")], facts=[dict(holds=True, says=evil("fact"))],
             note=evil("note"), passing="", changes=[evil("change")])
stage = Stage()
stage.last = dict(
    now=9, zero=0, pushed=True, start=0, rate=20, title=evil("title"), wall=False,
    doing=dict(clone=evil("clone"), command=evil("command")), rows=[], flights=[], turns=[], since=9,
    code=[dict(span, name=evil("commit"), texts=[evil("commit")])],
    schema=[dict(span, name=evil("version"), texts=[evil("version")])],
    builds=[dict(start=0, end=None, commit=evil("build"), failed=False)],
    marks=[dict(at=1, text=evil("mark"))], windows=[], counts=dict(ok=1),
    places={{key: dict(place, key=key) for key in ("github", "site", "dev", "cloud", "worker")}},
    says=evil("says"), gap=True)
stage
"""
# What the panel itself says of a run that failed: a name of the learner's machine is in the message.
FAILED = """
import os
os.environ["TMPDIR"] = "/nowhere/" + {evil!r}.replace("%s", "folder")
from kit.widgets import DeployPanel
DeployPanel()
"""


def test_hostile_words_are_shown_and_run_no_script(open_page: Callable[..., Watched]) -> None:
    watched = open_page("drawn", DRAWN.format(evil=EVIL))
    page = watched.page
    run_notebook(page)

    def shown(word: str) -> None:
        text = f"""<img src=x onerror="window.pwned='{word}'">"""
        expect(page.get_by_text(text).first).to_be_visible()

    for word in ("sqlstate", "error", "reason", "question", "said", "was"):
        shown(word)
    page.get_by_role("button", name="Look into this instant").click()
    page.get_by_role("button", name="lost").first.click()
    for word in ("document", "statement", "log", "row"):
        shown(word)
    # The page of an app is shown as a page, in a frame in which nothing runs.
    expect(page.frame_locator("iframe[sandbox='']").locator("img")).to_be_attached()
    held = [
        error for error in watched.errors if error.startswith("Blocked script execution in 'about:srcdoc'")
    ]
    assert held, "the sandbox says that it held"
    watched.errors[:] = [error for error in watched.errors if error not in held]
    assert page.locator(".jp-OutputArea [src=x], .jp-OutputArea script").count() == 0
    assert page.evaluate("window.pwned") is None
    page.close()


def test_hostile_words_on_a_stage_are_text(open_page: Callable[..., Watched]) -> None:
    page = open_page("staged", STAGED.format(evil=EVIL)).page
    run_notebook(page)

    for word in ("says", "command", "title", "clone"):
        expect(page.locator(".kw-stage")).to_contain_text(f"window.pwned='{word}'")
    # A drawing cuts what is too long for its place.
    expect(page.locator("svg.kw-world")).to_contain_text("<img src=x")
    assert page.locator(".kw-stage [src=x], .kw-stage script").count() == 0
    assert page.evaluate("window.pwned") is None
    page.close()


def test_a_hostile_error_of_the_panel_runs_no_script(open_page: Callable[..., Watched]) -> None:
    page = open_page("failed", FAILED.format(evil=EVIL)).page
    run_notebook(page)
    Panel.on(page).deploy()

    expect(page.get_by_role("status")).to_contain_text("window.pwned='folder'")
    assert page.locator(".jp-OutputArea [src=x], .jp-OutputArea script").count() == 0
    assert page.evaluate("window.pwned") is None
    page.close()
