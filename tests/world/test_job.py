"""A pipeline's file, run as the host of the repository would."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.errors import BadInput
from kit.names import FEATURE, READER_PAGE
from kit.timeline import CommandRan, MigrationApplied
from kit.world.engine import Engine
from kit.world.job import JobRun, read_job, run_job

At = Callable[[int], Engine]
PATH = ".github/workflows/deploy.yml"
HEAD = "on:\n  push:\n    branches: [main]\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n"
CHECKOUT = "      - uses: actions/checkout@v4\n"
DEPLOY = f"""{HEAD}{CHECKOUT}
      - name: Check
        run: kit check . --since origin/production --order schema-first
      - name: Migrate
        run: npx supabase db push
      - name: Deploy
        run: git push -q origin HEAD:production
      - name: Wait
        env:
          URL: ${{{{ vars.PRODUCTION_URL }}}}
        run: |
          for try in $(seq 60); do
            curl -s -D - -o health.json $URL/api/health | grep -qi "x-deployment: $GITHUB_SHA" && exit 0
            sleep 1
          done
          exit 1
"""
DROP = "supabase/migrations/20250126160000_drop_document_last_viewed.sql"


def push(world: Engine, *files: tuple[str, str]) -> str:
    for path, text in files:
        world.write("dev", path, text)
    ran = world.run("dev", "git add -A && git commit -q --allow-empty -m change && git push -q origin main")
    assert ran.exit == 0, ran
    return world.repositories.observe().github["main"]


def run(world: Engine, steps: str) -> JobRun:
    push(world, (PATH, HEAD + steps))
    return run_job(world, PATH, branch="main")


@pytest.fixture
def main(at: At) -> Engine:
    world = at(1)
    world.run("dev", "git checkout -q main")
    return world


@pytest.fixture
def piped(at: At) -> Engine:
    """Return a world whose production serves a branch that only the pipeline pushes."""
    world = at(5)
    world.run("dev", "git checkout -q main && git push -q origin main:production")
    world.set_host(world.host.settings.__class__(production_branch="production"))
    world.host.build_seconds = 5.0  # the job looks every second
    return world


def test_it_deploys_an_added_column_without_a_broken_view(piped: Engine) -> None:
    piped.visit(20)
    piped.run("dev", f"git merge -q --no-edit {FEATURE}")
    commit = push(piped, (PATH, DEPLOY))
    ran = run_job(piped, PATH, branch="main")
    piped.advance(2)

    assert ran.passed, ran
    assert piped.host.live == commit
    assert {view.outcome for view in piped.timeline if hasattr(view, "outcome")} == {"ok"}
    assert piped.timeline.only(MigrationApplied)
    names = [entry.command for entry in piped.timeline.only(CommandRan) if entry.command.startswith("job: ")]
    assert names == ["job: actions/checkout@v4", "job: Check", "job: Migrate", "job: Deploy", "job: Wait"]


def test_it_stops_a_drop_that_comes_with_its_code(piped: Engine) -> None:
    piped.run("dev", f"git merge -q --no-edit {FEATURE}")
    push(piped, (PATH, DEPLOY))
    assert run_job(piped, PATH, branch="main").passed
    old = piped.host.live

    piped.run("dev", f"git checkout -q {old}~1 -- {READER_PAGE}")
    push(
        piped,
        (DROP, "ALTER TABLE documents DROP COLUMN last_viewed;\n"),
        (READER_PAGE, "async def page():\n    return '<p>new</p>'\n"),
    )
    ran = run_job(piped, PATH, branch="main")

    assert [step.passed for step in ran.steps] == [True, False, False, False, False]
    assert ran.stopped_at == "Check"
    assert "Make it two pushes" in repr(ran)
    assert "Migrate: skipped" in repr(ran)
    assert piped.host.live == old
    assert "last_viewed" in piped.observe().cloud.columns


def test_each_step_stops_at_its_first_failing_line(main: Engine) -> None:
    ran = run(
        main,
        "      - run: |\n          echo one\n          false\n          echo two\n      - run: echo three\n",
    )

    assert not ran.passed
    assert [step.ran.output if step.ran else None for step in ran.steps] == ["one\n", None]
    assert "✗ echo one: exit code 1" in repr(ran)
    assert "○ echo three: skipped" in repr(ran)
    assert "<pre" in ran._repr_html_()


def test_a_job_sees_the_commit_that_was_pushed_and_not_what_lies_in_the_clone(main: Engine) -> None:
    push(
        main,
        (PATH, f"{HEAD}{CHECKOUT}      - run: git rev-parse HEAD && cat notes.txt\n"),
        ("notes.txt", "1\n"),
    )
    main.write("dev", "notes.txt", "2\n")

    ran = run_job(main, PATH, branch="main")

    assert ran.steps[1].ran
    assert ran.steps[1].ran.output == f"{ran.commit}\n1\n"


def test_a_secret_reaches_the_step_that_it_is_handed_to_and_no_output(main: Engine) -> None:
    ran = run(
        main,
        "      - env:\n          URL: ${{ secrets.CLOUD_DB_URL }}\n"
        "        run: echo $URL; psql $URL -Atc 'select 7'\n"
        "      - run: echo [$CLOUD_DB_URL] [$LOCAL_DB_URL]\n",
    )

    assert [step.ran.output if step.ran else None for step in ran.steps] == ["***\n7\n", "[] []\n"]


def test_sleep_lets_the_world_s_time_pass(main: Engine) -> None:
    now = main.clock.now()

    assert run(main, "      - run: sleep 40\n").passed

    assert main.clock.now() == now + 40


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- a list", "no mapping"),
        ("a: [", "no workflow"),
        ("jobs: {}", "no jobs"),
        ("jobs: {a: {}}", "no steps"),
        ("jobs: {a: {steps: [{name: nothing}]}}", "either run or uses"),
        ("jobs: {a: {steps: [{run: x, if: always()}]}}", "cannot run: if"),
        ("jobs: {a: {steps: [{uses: supabase/setup-cli@v1}]}}", "cannot run: supabase/setup-cli"),
        ("jobs: {a: {steps: [{run: x}]}, b: {steps: [{run: x}]}}", "2 jobs"),
        ("env: text\njobs: {a: {steps: [{run: x}]}}", "env is no mapping"),
    ],
)
def test_what_is_no_workflow_or_asks_for_more_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_job(text, PATH)

    assert why in str(refused.value)


def test_variables_of_workflow_job_and_step_come_in_that_order() -> None:
    job = read_job("env: {A: 1}\njobs: {a: {env: {B: 2}, steps: [{run: x, env: {A: 3}}]}}", PATH)

    assert (job.env, job.steps[0].env, job.branches) == ({"A": "1", "B": "2"}, {"A": "3"}, ())


def test_a_job_of_a_branch_that_it_does_not_run_for_is_refused(main: Engine) -> None:
    push(main, (PATH, f"{HEAD}      - run: echo\n"))
    main.run("dev", "git push -q origin main:other")

    with pytest.raises(BadInput, match="does not run for"):
        run_job(main, PATH, branch="other")
    with pytest.raises(BadInput, match="There is no"):
        run_job(main, "none.yml", branch="main")
