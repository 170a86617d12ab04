from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.names import KIT_WORLD
from kit.process import wait_until

from .conftest import PATIENCE_S, Owner, Place

pytestmark = pytest.mark.losses

Look = Callable[[], dict[str, object]]

HOSTILE_GIT = """
[user]
    name = Somebody Else
    email = somebody@example.invalid
[init]
    defaultBranch = trunk
    templateDir = {home}/template
[core]
    hooksPath = {home}/hooks
    autocrlf = true
    pager = touch {home}/paged
[commit]
    gpgSign = true
[push]
    default = nothing
[pull]
    rebase = true
[url "https://example.invalid/"]
    insteadOf = git@github.example:
[alias]
    push = !touch {home}/aliased
"""


@pytest.fixture
def users_home(tmp_path: Path) -> Path:
    """A home in which everything is in the way."""
    home = tmp_path / "their home"
    for folder in ("hooks", "template/hooks", "project"):
        (home / folder).mkdir(parents=True)
    (home / ".gitconfig").write_text(HOSTILE_GIT.format(home=home))
    for hook in ("pre-commit", "pre-push", "post-checkout", "post-receive", "commit-msg"):
        for folder in ("hooks", "template/hooks"):
            (home / folder / hook).write_text(f"#!/bin/sh\ntouch '{home}/{hook}-ran'\nexit 1\n")
            (home / folder / hook).chmod(0o755)
    for name in (".psqlrc", ".pgpass", ".pg_service.conf", ".bashrc", ".profile", ".inputrc", ".npmrc"):
        (home / name).write_text(f"touch '{home}/read'\n")
    (home / ".psqlrc").write_text(f"\\! touch '{home}/psqlrc-ran'\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_GLOBAL": "/dev/null"}
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x"],
    ):
        (home / "project" / "file").write_text("theirs")
        subprocess.run(["git", *command], cwd=home / "project", env=environment, check=True)
    return home


def tree(folder: Path) -> dict[str, object]:
    """Return all names below a folder, each with its mode and content."""
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


@pytest.fixture
def look(users_home: Path, place: Place) -> Look:
    def look() -> dict[str, object]:
        modes = {str(parent): stat.S_IMODE(parent.stat().st_mode) for parent in place.folder.parents}
        return tree(users_home) | modes | {str(place.folder): stat.S_IMODE(place.folder.stat().st_mode)}

    return look


WORKS = """
def do(clone, command):
    ran = clone.run(command)
    assert ran.exit == 0, ran
do(w.dev, "git add -A && git commit -m work && git checkout -q main")
do(w.dev, "git merge --no-edit homepage-and-search && git push origin main")
do(w.production, "git pull origin main")
do(w.dev, "npx supabase migration new x && echo 'SELECT 1;' > supabase/migrations/*_x.sql")
do(w.dev, "npx supabase migration up && npx supabase db push --yes")
do(w.dev, 'psql "$LOCAL_DB_URL" -c "SELECT 1"')
do(w.dev, "git config --global alias.st status && git log -1 --format=%an")
print(w.dev.run("git log -1 --format='%an %ae'").output, w.dev.run("git rev-parse HEAD").output, flush=True)
sys.stdin.readline()
"""


def test_nothing_of_the_users_is_read_or_touched(
    place: Place, owner: Callable[..., Owner], users_home: Path, look: Look
) -> None:
    before = look()
    one = owner(
        WORKS,
        **{
            KIT_WORLD: "fresh",
            "HOME": str(users_home),
            "GIT_DIR": str(users_home / "project" / ".git"),
            "GIT_WORK_TREE": str(users_home / "project"),
            "GIT_INDEX_FILE": str(users_home / "project" / ".git" / "index"),
            "GIT_AUTHOR_NAME": "Somebody Else",
            "PGHOST": "example.invalid",
            "PGSERVICE": "theirs",
            "PGPASSWORD": "theirs",
            "DATABASE_URL": "postgresql://example.invalid/theirs",
            "SUPABASE_ACCESS_TOKEN": "theirs",
            "LC_ALL": "xx_YY",
            "PYTHONSTARTUP": str(users_home / ".profile"),
        },
    )
    out, errors = one.process.communicate("\n", timeout=60)

    assert errors == ""
    assert out.splitlines()[0] == "Rhizome Developer developer@rhizome.example"
    assert look() == before
    assert wait_until(place.is_empty, seconds=PATIENCE_S, every=0.05)


def test_others_may_pass_through_a_world_but_not_look_into_it(
    place: Place, owner: Callable[..., Owner]
) -> None:
    one = owner(**{KIT_WORLD: "fresh"})
    (world,) = place.worlds()

    assert stat.S_IMODE(world.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)
    for secret in ("server.json", "control", "reaper.sock"):
        assert stat.S_IMODE((world / secret).stat().st_mode) == 0o600
    one.end()
