"""The exercises of phase 5: a deploy that loses nothing, a rejected push, the arithmetic of the window."""

from __future__ import annotations

from kit.lesson.exercise import Attempt, Exercise
from kit.names import FEATURE
from kit.timeline import PageView, code_switches
from kit.world.workflow import deployed, has_cloud_column, pushed

_BUILD_S, _PUSH_S = 90, 2


def _nothing_lost(attempt: Attempt) -> bool:
    seen = attempt.seen
    views, switches = seen.timeline.only(PageView), code_switches(seen.timeline)
    if not deployed(seen) or not views or not switches:
        return False
    watched = views[0].at < switches[-1].at < views[-1].at
    return watched and all(view.outcome == "ok" for view in views)


def _both_shipped(attempt: Attempt) -> bool:
    seen = attempt.seen
    if not pushed(seen) or not has_cloud_column(seen):
        return False
    return attempt.world.engine.repositories.is_ancestor(
        seen.production.head, seen.repositories.github["main"]
    )


EXERCISES_5 = (
    Exercise(
        number="5a",
        task="Bring the feature to production so that no visitor loses a view.",
        phase=5,
        holds=_nothing_lost,
        missing="the new code live, the column in the cloud, visitors all the while, and none of them lost.",
        done="not one was lost. The old code did not mind the column, and the new code found it there.",
        hints=(
            "The old code can live without the column, and with it. What about the new code?",
            "db push reads the files of your folder: merge first, push the schema, then push the code.",
        ),
        solution=f'lab.dev.run("git checkout main && git merge {FEATURE} --no-edit")\n'
        'lab.dev.run("npx supabase db push && git push origin main")\n'
        "lab.advance(36)",
        before="lab.visitors(rate=20)",
    ),
    Exercise(
        number="5b",
        task="Ship the feature after a colleague was faster.",
        phase=5,
        holds=_both_shipped,
        missing="GitHub's main must hold their commit and your feature, and the cloud your column.",
        done="a rejected push is an invitation: take their work in, look at it, push again.",
        hints=(
            "GitHub rejects what would throw their commit away. Get it first.",
            "git pull --no-rebase origin main merges it into yours; after that the push goes through.",
        ),
        solution='lab.dev.run("git pull --no-rebase --no-edit origin main")\n'
        'lab.dev.run("git push origin main && npx supabase db push")',
        before="lab.production.run(\"git commit -q --allow-empty -m 'chore: a colleague was faster'\")\n"
        'lab.production.run("git push -q origin main")\n'
        f'lab.dev.run("git checkout -q main && git merge -q {FEATURE}")',
    ),
    Exercise(
        number="5c",
        task="How late may db push start, if the host takes 90 seconds?",
        phase=5,
        holds=lambda attempt: attempt.answer == _BUILD_S - _PUSH_S,
        missing="at that second, something is lost, or you could have waited longer.",
        done="schema at 90, code at 90, a window of zero. See it: rehearse(Plan(build=90, wait=88)).",
        hints=(
            "The window is the time when the schema is there, minus the time when the code is live.",
            f"The code is live at {_BUILD_S}, the schema is there {_PUSH_S} seconds after db push starts.",
        ),
        solution=f"answer = {_BUILD_S} - {_PUSH_S}",
    ),
)
