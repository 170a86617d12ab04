"""`run` and `window`: what happens in scratch worlds, as text or as JSON."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from kit.cli.screen import BAD, DIM, GOOD, HEAD, Screen
from kit.experiments.rehearsal import Plan, rehearse
from kit.world.open import open_at
from kit.world.save import Played, play_phase
from kit.world.workflow import PHASES, Edit, Phase, Run, Step

_COMMAND_WIDTH = 72


def run(options: Namespace, screen: Screen) -> int:
    """Replay phases in a fresh world; 1 if a sentence about it is not true."""
    phases = PHASES[: options.to]
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
                        tell(f"[{done}/{steps}] {step.number} {_short(step.action.text)}")

                results.append((phase, play_phase(world, phase, progress=on_step)))
        finally:
            tell("Closing the world.")
            world.close()
    if options.json:
        screen.json({"phases": [_phase_facts(phase, played) for phase, played in results]})
    else:
        _show(results, screen)
    return 0 if all(_holds(played) for _, played in results) else 1


def _holds(played: Sequence[Played]) -> bool:
    return all(true for one in played for _, true in one.holds)


def _phase_facts(phase: Phase, played: Sequence[Played]) -> dict[str, Any]:
    return {
        "phase": phase.number,
        "title": phase.title,
        "steps": [
            {
                "step": one.step.number,
                "clone": _clone(one.step),
                "command": one.step.action.text,
                "exit": one.ran.exit,
                "predicates": [{"says": says, "holds": true} for says, true in one.holds],
            }
            for one in played
        ],
        "holds": _holds(played),
    }


def _clone(step: Step) -> str:
    """Return where a step is done: "dev", "production", or "world" for what no clone is needed for."""
    return step.action.clone if isinstance(step.action, Run | Edit) else "world"


def _show(results: Sequence[tuple[Phase, tuple[Played, ...]]], screen: Screen) -> None:
    for phase, played in results:
        screen.line(f"Phase {phase.number}: {phase.title}", style=HEAD)
        for one in played:
            exit_code = f"  [exit code {one.ran.exit}]" if one.ran.exit else ""
            screen.line(
                f"  {one.step.number:<5} {_clone(one.step):<10}  {_short(one.step.action.text)}{exit_code}"
            )
            for says, true in one.holds:
                screen.line(
                    f"                     {'yes' if true else 'NO '}  {says}", style=GOOD if true else BAD
                )
        screen.line()
    total = sum(len(one.holds) for _, played in results for one in played)
    wrong = [(one, says) for _, played in results for one in played for says, true in one.holds if not true]
    if not wrong:
        phases = "Phase 1 holds" if len(results) == 1 else f"Phases 1 to {len(results)} hold"
        screen.line(f"{phases}: {total} of {total} sentences are true.", style=GOOD)
        return
    screen.line(f"{len(wrong)} of {total} sentences are not true:", style=BAD)
    for one, says in wrong:
        screen.line(f"  {one.step.number}  {says}", style=BAD)
        for line in one.ran.output.strip().splitlines():
            screen.line(f"       {line}", style=DIM)


def _short(command: str) -> str:
    lines = command.strip().splitlines()
    first = lines[0] + (" …" if len(lines) > 1 else "")
    return first if len(first) <= _COMMAND_WIDTH else first[: _COMMAND_WIDTH - 1] + "…"


def window(options: Namespace, screen: Screen) -> int:
    """Rehearse one deploy and show what was measured."""
    plan = Plan(
        change=options.change,
        order=options.order,
        wait=options.wait,
        build=options.build,
        rate=options.rate,
        handling=options.handling,
        clock=options.clock,
    )
    with screen.progress() as tell:
        rehearsal = rehearse(plan, progress=tell)
    facts = rehearsal.facts()
    if options.json:
        screen.json(facts)
        return 0
    screen.line(rehearsal.draw(width=max(60, min(screen.width, 120))))
    screen.line()
    screen.table(("measured", ""), _measured(facts))
    return 0


def _measured(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    requests, error = facts["requests"], facts["first_error"]
    windows = ", ".join(f"{one['start_s']:g} s to {one['end_s']:g} s" for one in facts["windows"])
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
