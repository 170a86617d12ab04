"""What is rehearsed in a scratch world: the workflow's phases (`run`), or one deploy (`window`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from kit.cli.app import KitCommand, json_option
from kit.cli.screen import BAD, DIM, GOOD, HEAD, Screen, shorten
from kit.experiments.changes import CHANGES
from kit.experiments.orders import DEPLOY_ORDERS
from kit.experiments.rehearsal import Plan, rehearse
from kit.host import BUILD_S
from kit.world.open import open_at
from kit.world.save import Played, play_phase
from kit.world.workflow import PHASES, Edit, Phase, Run, Step

_COMMAND_WIDTH = 72
_RUN_EXAMPLES = """\
Examples:
  python -m kit run                   all seven phases, about 10 seconds
  python -m kit run --to 3 --json     the first three, for a script"""
_WINDOW_EXAMPLES = """\
Examples:
  python -m kit window                                   the workflow's own: 35 s to 38 s
  python -m kit window --order schema-first              the safe order for an added column
  python -m kit window --change drop --order together    what adds safely drops badly
  python -m kit window --change rename --order expand-contract
  python -m kit window --wait 120 --rate 5 --json        the migration two minutes after the push
  python -m kit window --handling loud --build 10        the code fails loudly; a quick build"""


@click.command(cls=KitCommand, epilog=_RUN_EXAMPLES)
@click.option(
    "--to",
    type=click.IntRange(1, len(PHASES)),
    default=len(PHASES),
    metavar="N",
    help="The last phase to replay.",
)
@json_option
def run(*, to: int, json: bool) -> int:
    """Replay the phases of the workflow in a fresh world, without a notebook.

    Shown are each step's command, and each sentence that should be true after it. Exit code 1:
    one of them is not. Your own world is not touched.
    """
    screen, phases = Screen(), PHASES[:to]
    steps, done = sum(len(phase.steps) for phase in phases), 0
    results: list[tuple[Phase, tuple[Played, ...]]] = []
    with screen.progress() as tell:
        world = open_at(1, scratch=True, progress=tell).engine
        try:
            for phase in phases:
                tell(f"Phase {phase.number} of {len(phases)}: {phase.title}.")

                def on_step(step: Step) -> None:
                    nonlocal done
                    done += 1
                    if screen.animated:
                        tell(f"[{done}/{steps}] {step.number} {_short(step)}")

                results.append((phase, play_phase(world, phase, progress=on_step)))
        finally:
            tell("Closing the world.")
            world.close()
    if json:
        screen.json({"phases": [_phase_facts(phase, played) for phase, played in results]})
    else:
        _show(results, screen)
    return 0 if all(_holds(played) for _, played in results) else 1


def _holds(played: Sequence[Played]) -> bool:
    return all(true for step in played for _, true in step.holds)


def _phase_facts(phase: Phase, played: Sequence[Played]) -> dict[str, Any]:
    return {
        "phase": phase.number,
        "title": phase.title,
        "steps": [
            {
                "step": step.step.number,
                "clone": _clone(step.step),
                "command": step.step.action.text,
                "exit": step.ran.exit,
                "predicates": [{"says": says, "holds": true} for says, true in step.holds],
            }
            for step in played
        ],
        "holds": _holds(played),
    }


def _clone(step: Step) -> str:
    """Return where a step is done: "dev", "production", or "world" for what no clone is needed for."""
    return step.action.clone if isinstance(step.action, Run | Edit) else "world"


def _short(step: Step) -> str:
    first, *more = step.action.text.strip().splitlines()
    return shorten(first + " …" if more else first, _COMMAND_WIDTH)


def _show(results: Sequence[tuple[Phase, tuple[Played, ...]]], screen: Screen) -> None:
    for phase, played in results:
        screen.line(f"Phase {phase.number}: {phase.title}", style=HEAD)
        for step in played:
            exit_code = f"  [exit code {step.ran.exit}]" if step.ran.exit else ""
            screen.line(f"  {step.step.number:<5} {_clone(step.step):<10}  {_short(step.step)}{exit_code}")
            for says, true in step.holds:
                screen.line(f"{'':21}{'yes' if true else 'NO '}  {says}", style=GOOD if true else BAD)
        screen.line()
    judged = [(step, says, true) for _, played in results for step in played for says, true in step.holds]
    wrong = [(step, says) for step, says, true in judged if not true]
    if not wrong:
        phases = "Phase 1 holds" if len(results) == 1 else f"Phases 1 to {len(results)} hold"
        screen.line(f"{phases}: {len(judged)} of {len(judged)} sentences are true.", style=GOOD)
        return
    screen.line(f"{len(wrong)} of {len(judged)} sentences are not true:", style=BAD)
    for step, says in wrong:
        screen.line(f"  {step.step.number}  {says}", style=BAD)
        for line in step.ran.output.strip().splitlines():
            screen.line(f"       {line}", style=DIM)


@click.command(cls=KitCommand, epilog=_WINDOW_EXAMPLES)
@click.option("--change", type=click.Choice(CHANGES), default=CHANGES[0], help="What is done to a column.")
@click.option(
    "--order",
    type=click.Choice(DEPLOY_ORDERS),
    default=DEPLOY_ORDERS[0],
    help="What is pushed first; together: `git push && npx supabase db push --linked`; expand-contract:"
    " code and schema in steps of their own.",
)
@click.option(
    "--wait",
    type=float,
    metavar="S",
    help="Seconds from git push to db push, with code-first (default: one after the code is live).",
)
@click.option(
    "--build",
    type=float,
    default=BUILD_S,
    metavar="S",
    help="Seconds from git push until the code is live.",
)
@click.option("--rate", type=float, default=20.0, metavar="R", help="Page views a second.")
@click.option(
    "--handling",
    type=click.Choice(["silent", "loud"]),
    default="silent",
    help="What the code does about a failing write: ignore it, or answer 500.",
)
@click.option(
    "--clock",
    type=click.Choice(["virtual", "wall"]),
    default="virtual",
    help="Exact instants in little time, or real time.",
)
@json_option
def window(*, json: bool, **plan: Any) -> int:  # noqa: ANN401 - the fields of a Plan, which requires them
    """Deploy one change for real in a scratch world, under visitors.

    Measured is for how long production is broken. On the virtual clock two runs give the same
    numbers; on the wall clock requests overlap, and it takes as long as it says.

    add starts where phase 5 starts; drop and rename start where the workflow ends, with the
    column in code and schema. With expand-contract code and schema change in commits of their
    own, and each is pushed a second after the one before is live:
      add      migration, then code
      drop     code, then migration
      rename   add the new column; write both; copy the old values; write the new one only;
               drop the old column
    All times are in seconds since git push: since the first one, where there are several.
    wait_s is from there to the start of the (last) db push.
    """
    screen = Screen()
    with screen.progress() as tell:
        rehearsal = rehearse(Plan(**plan), progress=tell)
    facts = rehearsal.facts()
    if json:
        screen.json(facts)
        return 0
    screen.line(rehearsal.draw(width=max(60, min(screen.width, 120))))
    screen.line()
    screen.table(("measured", ""), _measured(facts))
    return 0


def _measured(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    requests, error = facts["requests"], facts["first_error"]
    windows = ", ".join(f"{window['start_s']:g} s to {window['end_s']:g} s" for window in facts["windows"])
    outcomes = [f"{requests[name]} {name}" for name in ("ok", "failed", "lost", "blocked") if requests[name]]
    rows = [
        ("change, order", f"{facts['change']}, {facts['order']}"),
        ("broken, since git push", windows or "never"),
        ("broken for visitors", f"{facts['broken_s']:g} s"),
        ("code and schema apart", f"{facts['truth_s']:g} s"),
        ("page views", f"{requests['total']}: {', '.join(outcomes)}"),
    ]
    if error:
        rows.append(("first error", f"{error['sqlstate']} {error['message']}"))
    return rows
