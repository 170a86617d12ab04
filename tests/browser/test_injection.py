"""Words from a database, a file or git are shown, never run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from pictures.jupyter import Watched, run_notebook

pytestmark = pytest.mark.browser
EVIL = """<img src=x onerror="window.pwned='%s'">'"--></style></svg><script>window.pwned='%s'</script>"""
# Every field of every kind of record that holds a text of the world's.
DRAWN = """
import ipywidgets
from kit import Plan
from kit.timeline import *
from kit.widgets.deploy_picture import draw_panel, draw_picture
from kit.experiments.prediction import predict
evil = lambda name: {evil!r}.replace("%s", name)
records = [
    CommandRan(at=0, until=0.1, clone="dev", command="git push " + evil("command"), exit=0),
    RefMoved(at=0, repository="github", branch="main", old="", new=evil("pushed")),
    RefMoved(at=0, repository="dev", branch=evil("branch"), old="", new=evil("commit")),
    *(Deployed(at=i, commit=evil("deployed"), branch=evil("branch"), target="production", stage=stage,
               detail=evil("message of a commit")) for i, stage in enumerate(("queued", "live"))),
    MigrationApplied(at=2, database="cloud", version=evil("version"), name=evil("migration")),
    SchemaChanged(at=2, database="cloud", change="+" + evil("column")),
    *(PageView(at=i / 10, took=0.1, document=evil("document"), commit=evil("seen"), status=200,
               outcome="lost", sqlstate=evil("sqlstate"), message=evil("error")) for i in range(30)),
    WorkerChanged(at=3, commit=evil("worker"), running=True),
]
plan = Plan(build=1, wait=2)
ipywidgets.VBox([
    ipywidgets.HTML(draw_panel(Timeline.of(records), plan, predict(plan))),
    ipywidgets.HTML(draw_picture(Timeline.of(records), plan)),
])
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

    expect(page.get_by_text("""<img src=x onerror="window.pwned='sqlstate'">""").first).to_be_visible()
    expect(page.get_by_text("""<img src=x onerror="window.pwned='error'">""").first).to_be_visible()
    assert page.locator(".jp-OutputArea [src=x], .jp-OutputArea script").count() == 0
    assert page.evaluate("window.pwned") is None
    page.close()


def test_a_hostile_error_of_the_panel_runs_no_script(open_page: Callable[..., Watched]) -> None:
    page = open_page("failed", FAILED.format(evil=EVIL)).page
    run_notebook(page)
    page.get_by_role("button", name="Deploy for real").click()

    expect(page.get_by_role("status")).to_contain_text("window.pwned='folder'")
    assert page.locator(".jp-OutputArea [src=x], .jp-OutputArea script").count() == 0
    assert page.evaluate("window.pwned") is None
    page.close()
