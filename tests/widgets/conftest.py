from __future__ import annotations

from dataclasses import replace

import pytest

from kit.host import Deployment
from kit.repos import CloneSeen, RepositoriesSeen
from kit.timeline import Stage
from kit.world.snapshot import Change, CommitSeen, DatabaseSeen, Snapshot, WorkerSeen

EVIL = "<img src=x onerror=alert(1)>'\"&\x1b[2J\u202e\n\ud800"


@pytest.fixture
def hostile() -> Change:
    """Put one text wherever the world takes one from a person."""
    text = EVIL
    stages: tuple[tuple[str, Stage], ...] = (("main", "queued"), (text, "live"))
    clone = CloneSeen(branch=text, head=text, branches={text: text}, changed=(text,), migrations=(text,))
    database = DatabaseSeen(
        columns=(text,), indexes=(text,), comment=text, versions=(text,), names={text: text}
    )
    deployments = tuple(
        Deployment(commit=text, branch=branch, pushed_at=0, takes=1, stage=stage) for branch, stage in stages
    )
    after = Snapshot(
        now=0,
        repositories=RepositoriesSeen(
            github={text: text, "main": "m"}, clones={"dev": clone, "production": clone}
        ),
        local=database,
        cloud=database,
        deployments=deployments,
        live=text,
        dev_serving=False,
        worker=WorkerSeen(running=True, commit=text),
        commits={text: CommitSeen(migrations=("20250126153000_x.sql",), writes_last_viewed=True)},
    )
    empty = replace(clone, branch="", head="", migrations=(), changed=())
    before = replace(
        after,
        repositories=RepositoriesSeen(github={"main": text}, clones={"dev": empty, "production": empty}),
        local=DatabaseSeen(),
        cloud=DatabaseSeen(),
        deployments=(),
        live="",
        worker=WorkerSeen(),
    )
    return Change(before=before, after=after, command=f"dev$ git commit -m {text}")
