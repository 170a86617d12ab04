"""Exercises on commits: a diff that shows a new file, a commit that lacks one."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kit.lesson.checks.replica import TEST_ID, VIEWER, open_replica
from kit.lesson.exercise import Attempt, Condition
from kit.names import DOCUMENTS, FEATURE, HOMEPAGE, MIGRATION, READER_PAGE, VERSION
from kit.timeline import CommandRan

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN = re.compile(r"^[+{]+ ?ALTER TABLE documents ADD COLUMN last_viewed", re.MULTILINE)
"""A line that a diff adds, also with --word-diff."""
_OK = 200


def shown(attempt: Attempt) -> Iterator[Condition]:
    """4a: git shows the migration before it is committed."""
    seen = attempt.seen
    holders = [name for name, commit in seen.dev.branches.items() if VERSION in seen.commit(commit).versions]
    yield Condition(
        "The migration is in no commit yet.",
        met=not holders and VERSION not in seen.commit(seen.dev.head).versions,
        seen="It is in one: git reset --soft HEAD~1 takes the last one back.",
    )
    yield Condition(
        "The migration is still in the folder.",
        met=MIGRATION.rpartition("/")[2] in seen.dev.migrations,
        seen="The file is gone.",
        final=True,
    )
    typed = [ran for ran in seen.timeline.only(CommandRan) if ran.clone != "world"]
    last = typed[-1].command if typed else ""
    text = _ANSI.sub("", seen.output)
    is_diff = re.search(r"^diff --git ", text, re.MULTILINE) is not None
    of_commit = re.search(r"\bgit\b[^;&|]*\s(show|log|format-patch)\b", last) is not None
    yield Condition(
        "The last command was git's, and printed a diff with the ALTER TABLE of the new file.",
        met="git" in last and is_diff and not of_commit and _SHOWN.search(text) is not None,
        seen=_tell_shown(last, text, is_diff=is_diff, of_commit=of_commit),
    )


def _tell_shown(last: str, text: str, *, is_diff: bool, of_commit: bool) -> str:
    if of_commit:
        return "It showed a commit: by then it is too late to look first."
    if "git" not in last:
        return "The last command was not git's."
    if not text.strip():
        return "It printed nothing."
    if not is_diff:
        return "What it printed is no diff."
    return "Its diff has no such line: it is of other files."


def one_commit(attempt: Attempt) -> Iterator[Condition]:
    """4b: the forgotten page came into the one commit."""
    seen, repositories = attempt.seen, attempt.world.engine.repositories
    feature, github = seen.dev.branches.get(FEATURE, ""), seen.repositories.github
    if not feature:
        yield Condition("The feature's branch is there.", met=False, seen=f"{FEATURE} is gone.", final=True)
        return
    others = [commit for name, commit in github.items() if name != FEATURE]
    own = [
        commit
        for commit in repositories.commits(feature, without=others)
        if any(path.startswith(("src/", "supabase/")) for path in repositories.changed(f"{commit}^", commit))
    ]
    yield Condition(
        "The feature is one commit.",
        met=len(own) == 1,
        seen=f"There are {len(own)} commits with parts of it." if own else "There is none.",
    )
    came = repositories.changed(f"{feature}^", feature)
    lacks = [path for path in (MIGRATION, DOCUMENTS, READER_PAGE) if path not in came]
    yield Condition(
        "It has migration, action and page.",
        met=not lacks,
        seen=f"The branch's last commit lacks {', '.join(lacks)}.",
    )
    home = seen.dev.branches.get(HOMEPAGE, "")
    yield Condition(
        "What came before it is as it was: the branch still rests on homepage-and-search.",
        met=bool(home) and repositories.is_ancestor(home, f"{feature}^") and seen.on_dev(HOMEPAGE).documented,
        seen="Your commit with the documentation is no longer below it.",
    )
    problem = _try_commit(attempt, feature)
    yield Condition("Built from that commit, a page view is recorded.", met=not problem, seen=problem)


def _try_commit(attempt: Attempt, commit: str) -> str:
    """Serve a commit on a database made from its own migrations; return what is wrong, "" for nothing."""
    engine = attempt.world.engine
    with open_replica(engine) as replica, tempfile.TemporaryDirectory(dir=engine.folder) as folder:
        files = Path(folder) / "files"
        engine.repositories.archive(commit, files)
        if refused := replica.replay(files):
            return f"Its migrations do not apply: {refused}"
        with replica.connect() as connection:
            connection.execute(
                "INSERT INTO documents (id, user_id, title, file_type) VALUES (%s, %s, 'A Book', 'epub')",
                [TEST_ID, VIEWER],
            )
        if why := replica.serve_folder(files):
            return f"The site does not start: {why}."
        answer = replica.open()
        row = replica.ask("SELECT to_jsonb(d)->>'last_viewed' FROM documents d")
    if answer != _OK:
        return f"It was tried, and answered {answer or 'nothing'}."
    return "" if row and row[0] else "It was tried: the page answered 200, and the database has no view."
