from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from kit.errors import BadInput, MissingTool, UnusableFolder
from kit.names import CLONES, DOCUMENTS, EPOCH, MIGRATION, READER_PAGE
from kit.repos import Repositories, feature, git_environment, require_git
from kit.repos.git import REMOTE_URL, read_branches
from kit.repos.repositories import read_status

BRANCH = "homepage-and-search"
DOCS = (".gitignore", "CLAUDE.md", "docs/DEPLOY.md", "docs/MIGRATION_WORKFLOW.md")


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Repositories:
    return Repositories.create(tmp_path_factory.mktemp("world") / "repos", when=EPOCH)


@pytest.fixture
def repositories(original: Repositories, tmp_path: Path) -> Repositories:
    return Repositories.load(original.folder, tmp_path / "repos")


def shell(repositories: Repositories, command: str, *, clone: str = "rhizome-v2-dev-1") -> str:
    """Run a command as a learner does; return everything it printed."""
    home = repositories.folder.parent / "home"
    home.mkdir(exist_ok=True)
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=repositories.folder / clone,
        env=git_environment(home=home, when=EPOCH, origin=repositories.github),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def be_hostile(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Give the user a configuration, hooks, a template and variables that break everything they reach."""
    home, hooks = folder / "user", folder / "user" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("pre-commit", "post-checkout", "pre-push", "reference-transaction", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{folder}/hook-ran'\nexit 1\n")
        (hooks / name).chmod(0o755)
    (home / "template" / "hooks").mkdir(parents=True)
    shutil.copy(hooks / "post-checkout", home / "template" / "hooks" / "post-checkout")
    (home / ".gitconfig").write_text(f"""
[user]
    name = Somebody Else
    email = private@person.example
[commit]
    gpgsign = true
[core]
    hooksPath = {hooks}
    autocrlf = true
    excludesFile = {home}/ignore
    pager = false
    sshCommand = false
[init]
    templateDir = {home}/template
    defaultBranch = trunk
[status]
    showUntrackedFiles = no
[push]
    default = nothing
[url "ssh://stolen.example/"]
    insteadOf = git@github.example:
""")
    (home / "ignore").write_text("*\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    for name, value in {
        "GIT_DIR": f"{folder}/nowhere",
        "GIT_WORK_TREE": f"{folder}/nowhere",
        "GIT_INDEX_FILE": f"{folder}/index",
        "GIT_OBJECT_DIRECTORY": f"{folder}/objects",
        "GIT_CONFIG": f"{home}/.gitconfig",
        "GIT_CONFIG_GLOBAL": f"{home}/.gitconfig",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "Somebody Else",
        "GIT_AUTHOR_NAME": "Somebody Else",
        "GIT_COMMITTER_DATE": "1112911993 +0200",
        "GIT_TEMPLATE_DIR": f"{home}/template",
        "GIT_SSH_COMMAND": "false",
        "GIT_NAMESPACE": "elsewhere",
        "GIT_DEFAULT_HASH": "sha256",
        "LC_ALL": "xx_YY",
    }.items():
        monkeypatch.setenv(name, value)
    return folder / "hook-ran"


def test_what_differs_from_a_commit_is_found_committed_or_not(repositories: Repositories) -> None:
    head = repositories.observe().clones["dev"].head
    shell(repositories, "git stash -q -u && echo x >> README.md && git commit -qam 'committed'")
    shell(repositories, "echo x >> CLAUDE.md && echo x > 'a new one' && rm docs/DEPLOY.md && echo x > x.pyc")

    assert repositories.changed_since(head, "dev") == (
        "CLAUDE.md",
        "README.md",
        "a new one",
        "docs/DEPLOY.md",
        "x.pyc",
    )
    with pytest.raises(BadInput, match="No repository has the commit"):
        repositories.changed_since("nowhere", "dev")


def test_the_beginning_is_the_workflows(repositories: Repositories) -> None:
    seen = repositories.observe()
    dev, production = seen.clones["dev"], seen.clones["production"]
    assert set(seen.github) == {"main", BRANCH}
    assert dev.branch == BRANCH
    assert dev.head == seen.github[BRANCH]
    assert dev.branches == seen.github
    assert dev.changed == DOCS
    assert dev.migrations[-1] == "070_chunk_connection_detection.sql"
    assert (production.branch, production.head, production.changed) == ("main", seen.github["main"], ())
    assert repositories.is_ancestor("main", BRANCH)
    assert not repositories.is_ancestor(BRANCH, "main")
    assert "supabase/" not in shell(repositories, f"git diff --name-only origin/main {BRANCH}")
    assert "docs/MIGRATION_WORKFLOW.md\n" in shell(repositories, "git status")


def test_commit_ids_are_the_same_in_every_folder_for_every_user(
    original: Repositories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = be_hostile(monkeypatch, tmp_path)
    again = Repositories.create(tmp_path / "other place" / "repos", when=EPOCH)
    assert again.observe() == original.observe()
    commit = "git add .gitignore CLAUDE.md docs/ && git commit -m docs && git push origin HEAD"
    copy = Repositories.load(original.folder, tmp_path / "copy" / "repos")
    assert shell(again, commit) == shell(copy, commit)
    assert again.observe() == copy.observe()
    assert not ran.exists()
    log = shell(again, "git log --all --format='%an %ae %cn %ce %cd'")
    assert "Somebody" not in log
    assert "private" not in log


def test_what_git_prints_is_the_same_everywhere(repositories: Repositories, tmp_path: Path) -> None:
    printed = shell(repositories, "git remote -v")
    printed += shell(repositories, "git commit -qam docs; cd src; git push origin HEAD")
    printed += shell(repositories, f"git fetch -v; git pull origin {BRANCH}", clone="rhizome-v2")
    printed += shell(
        repositories, "git push --force origin HEAD:main; git reflog; git branch -vv; git config -l"
    )
    assert f"origin\t{REMOTE_URL} (fetch)" in printed
    assert "To github.example:rhizome/rhizome-v2.git\n" in printed
    assert "From github.example:rhizome/rhizome-v2\n" in printed
    assert str(tmp_path) not in printed


def test_a_copy_pushes_to_its_own_origin(repositories: Repositories, tmp_path: Path) -> None:
    before = repositories.observe()
    repositories.save(tmp_path / "saved")
    shutil.move(tmp_path / "saved", tmp_path / "moved")
    copy = Repositories.load(tmp_path / "moved", tmp_path / "deep er" / "repos")
    assert copy.observe() == before
    shell(copy, "git commit -qam docs && git push -q origin HEAD:main")
    shell(copy, "git pull -q origin main", clone="rhizome-v2")
    assert copy.observe().clones["production"].head == copy.observe().clones["dev"].head
    assert repositories.observe() == before


def test_a_terminal_that_the_kit_did_not_start_reaches_the_origin_too(repositories: Repositories) -> None:
    plain = {"PATH": os.environ["PATH"], "HOME": str(repositories.folder), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", "push", "--quiet", "origin", "HEAD:refs/heads/plain"],
        cwd=repositories.clones["dev"] / "src",
        env=plain,
        check=True,
    )
    assert "plain" in repositories.observe().github


def test_load_brings_back_everything_and_keeps_open_folders(
    repositories: Repositories, tmp_path: Path
) -> None:
    dev = repositories.clones["dev"]
    (dev / "notes.txt").write_text("not committed")
    repositories.save(tmp_path / "saved")
    before, inode = repositories.observe(), dev.stat().st_ino
    shell(repositories, "git add -A; git commit -qm all; git push -q origin HEAD; rm -r src; touch more.txt")
    shutil.rmtree(repositories.clones["production"])
    assert Repositories.load(tmp_path / "saved", repositories.folder).observe() == before
    assert (dev / "notes.txt").read_text() == "not committed"
    assert dev.stat().st_ino == inode


def test_a_copy_has_its_own_worktrees(repositories: Repositories, tmp_path: Path) -> None:
    shell(repositories, "git worktree add -q ../review main")
    copy = Repositories.load(repositories.folder, tmp_path / "copy")
    shell(copy, "git commit -q --allow-empty -m here", clone="review")
    assert str(copy.folder / "review") in shell(copy, "git worktree list")
    assert (
        copy.observe().clones["dev"].branches["main"] != repositories.observe().clones["dev"].branches["main"]
    )


def test_copies_refuse_a_folder_of_somebody_else(repositories: Repositories, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(BadInput):
        repositories.save(tmp_path / "mine")
    with pytest.raises(BadInput):
        Repositories.create(tmp_path / "mine", when=EPOCH)
    with pytest.raises(BadInput):
        Repositories.load(tmp_path / "mine", repositories.folder)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    assert repositories.observe().clones["dev"].changed == DOCS


def test_observe_sees_what_a_learner_may_do(repositories: Repositories) -> None:
    shell(
        repositories,
        "git commit -qam docs; git mv README.md LIES.md; rm docs/DEPLOY.md; echo x > 'ä b'; rm -r supabase;"
        " git checkout -q --detach",
    )
    dev = repositories.observe().clones["dev"]
    assert dev.branch == ""
    assert {"README.md", "LIES.md", "docs/DEPLOY.md", "ä b", "docs/MIGRATION_WORKFLOW.md"} <= set(dev.changed)
    assert dev.migrations == ()
    shell(repositories, "git checkout -q --orphan new")
    assert repositories.observe().clones["dev"].head == ""


@pytest.mark.parametrize(
    "made",
    [
        "git branch a/b && git branch z",
        "git branch a && git pack-refs --all && git branch b && git commit -q --allow-empty -m more",
        "git pack-refs --all && git branch -D homepage-and-search; git branch -D main; true",
        "git branch ä && git branch 'a#b' && git tag a && git update-ref refs/other/c HEAD",
        "git symbolic-ref refs/heads/alias refs/heads/main",
        "git symbolic-ref refs/heads/nowhere refs/heads/none",
        "echo rubbish > .git/refs/heads/broken",
        "touch .git/refs/heads/main.lock .git/packed-refs.lock",
        "git worktree add -q ../more -b more",
        r"""printf '[include]\n path = nowhere\n[odd "a]b"]\n key\n[x]\n y = a\\\n b\n' >> .git/config""",
        "git config --add core.repositoryformatversion 0; git config --add x.y 1; git config --add x.y 2",
        "git refs migrate --ref-format=reftable 2> /dev/null && git branch of-a-table || true",
    ],
)
def test_the_branches_are_those_that_git_knows(repositories: Repositories, made: str) -> None:
    said = shell(
        repositories, f"{made}\ngit for-each-ref --format='%(refname:lstrip=2) %(objectname)' refs/heads"
    )
    known = dict(line.rsplit(" ", 1) for line in said.splitlines() if len(line.rsplit(" ", 1)[-1]) == 40)
    assert known
    assert dict(repositories.observe().clones["dev"].branches) == known


def test_what_holds_its_branches_in_a_table_is_left_to_git(repositories: Repositories) -> None:
    clone = repositories.clones["dev"]
    assert read_branches(clone)
    (clone / ".git" / "reftable").mkdir()  # as a git that is new enough makes it
    assert read_branches(clone) is None


def test_status_of_a_conflict() -> None:
    ids = "h1 h2 h3"
    printed = f"# branch.oid abc\0# branch.head main\0u UU N... 1 2 3 4 {ids} src/a b.py\0"
    assert read_status(printed) == ("main", "abc", ("src/a b.py",))


def test_observe_takes_no_lock(repositories: Repositories) -> None:
    seen = repositories.observe()
    (repositories.clones["dev"] / ".git" / "index.lock").touch()
    assert repositories.observe() == seen


def test_a_repository_that_is_gone(repositories: Repositories) -> None:
    shutil.rmtree(repositories.clones["production"] / ".git")
    with pytest.raises(UnusableFolder, match="rhizome-v2 is not a git repository"):
        repositories.observe()
    shutil.rmtree(repositories.clones["production"])
    with pytest.raises(UnusableFolder, match="rhizome-v2 is gone"):
        repositories.observe()


@pytest.fixture
def no_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make tarfile what it is in Debian 12's 3.11.2: `extractall` has no such argument there."""
    if not hasattr(tarfile, "data_filter"):
        return
    extract = tarfile.TarFile.extractall

    def extractall(tar: tarfile.TarFile, path: Path) -> None:
        extract(tar, path, filter="fully_trusted")

    monkeypatch.delattr(tarfile, "data_filter")
    monkeypatch.setattr(tarfile.TarFile, "extractall", extractall)


@pytest.mark.usefixtures("no_filters")
def test_archive_on_a_python_that_knows_no_filters(repositories: Repositories, tmp_path: Path) -> None:
    repositories.archive(BRANCH, tmp_path / "build")
    assert (tmp_path / "build" / "src/app/search/page.py").exists()


@pytest.mark.usefixtures("no_filters")
@pytest.mark.parametrize("target", ["/etc/passwd", "../x"])
def test_links_out_are_refused_there_too(repositories: Repositories, tmp_path: Path, target: str) -> None:
    shell(repositories, f"ln -s {target} out && git add out && git commit -qm link")
    shell(repositories, "git push -q origin HEAD:out")
    with pytest.raises(tarfile.TarError, match="'out'"):
        repositories.archive("out", tmp_path / "build")


@pytest.mark.usefixtures("no_filters")
def test_links_to_what_is_inside_are_not(repositories: Repositories, tmp_path: Path) -> None:
    shell(repositories, "ln -s src/app in && git add in && git commit -qm link && git push -q origin HEAD:in")
    repositories.archive("in", tmp_path / "build")
    assert (tmp_path / "build" / "in").is_dir()


def test_archive_and_read_any_commit(repositories: Repositories, tmp_path: Path) -> None:
    repositories.archive(BRANCH, tmp_path / "builds" / "one")
    built = tmp_path / "builds" / "one"
    assert (built / "src/app/search/page.py").exists()
    assert not (built / ".git").exists()
    assert repositories.read("main", "src/app/search/page.py") is None
    shell(repositories, "git commit -qam docs")
    local = repositories.observe().clones["dev"].head
    readme = repositories.read(local, "CLAUDE.md")
    assert readme is not None
    assert b"## Migrations" in readme
    assert repositories.changed_since(BRANCH, "dev") == DOCS


@pytest.mark.parametrize("commit", ["nothing", "f" * 40, "--output=x", ""])
def test_a_commit_that_nobody_has(repositories: Repositories, tmp_path: Path, commit: str) -> None:
    for ask in (
        lambda: repositories.archive(commit, tmp_path / "build"),
        lambda: repositories.read(commit, "README.md"),
        lambda: repositories.files(commit),
        lambda: repositories.is_ancestor("main", commit),
    ):
        with pytest.raises(BadInput):
            ask()
    assert not (tmp_path / "build").exists()


def test_the_hook_runs_after_a_push_and_speaks_to_the_learner(repositories: Repositories) -> None:
    repositories.install_hook('#!/bin/sh\nwhile read old new ref; do echo "got $ref"; done\n')
    assert "remote: got refs/heads/main" in shell(repositories, "git push origin HEAD:main")


def test_the_learners_own_settings_stay_in_the_world(repositories: Repositories) -> None:
    shell(
        repositories, "git config --global alias.st status; git config --global commit.gpgsign true; git st"
    )
    assert (repositories.folder.parent / "home" / ".gitconfig").exists()
    repositories.observe()


def test_no_repository_above_the_world_is_found(repositories: Repositories) -> None:
    subprocess.run(["git", "init", "--quiet", repositories.folder.parent], check=True)
    said = shell(repositories, "cd .. && git status || true")
    assert "not a git repository" in said


def test_git_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="not installed") as caught:
        Repositories.create(tmp_path / "repos", when=EPOCH)
    assert caught.value.looked == (str(tmp_path),)
    assert not (tmp_path / "repos").exists()


def test_git_is_too_old(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\necho git version 2.25.1\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(MissingTool, match=r"too old: git version 2\.25\.1"):
        require_git()


def test_what_the_learner_types_fits_into_a_cell() -> None:
    for handling in ("silent", "loud"):
        typed = feature(handling)
        assert len(typed.action.splitlines()) <= 10
        assert len(typed.page.splitlines()) <= 11
        assert typed.files[DOCUMENTS].endswith(f"\n\n\n{typed.action}\n\n{typed.shelf}")
        assert len(typed.shelf.splitlines()) <= 10
        assert typed.files[MIGRATION] == typed.migration
        compile(typed.files[DOCUMENTS], DOCUMENTS, "exec")
    assert feature("silent").page != feature("loud").page


def test_the_representation_is_constant(repositories: Repositories) -> None:
    assert repr(repositories) == "Repositories(github.git, rhizome-v2-dev-1, rhizome-v2)"
    assert tuple(CLONES) == ("dev", "production")


def test_the_commit_of_phase_4_takes_the_page_with_brackets(repositories: Repositories) -> None:
    for path, text in feature().files.items():
        (repositories.clones["dev"] / path).write_text(text)
    shell(
        repositories, f"git add {MIGRATION} {DOCUMENTS} {READER_PAGE} && git commit -qm 'feat: last viewed'"
    )
    seen = repositories.observe().clones["dev"]
    assert seen.changed == DOCS
    committed = shell(repositories, "git -c core.quotePath=off diff --name-only HEAD~1 HEAD").splitlines()
    assert set(committed) == set(feature().files)
