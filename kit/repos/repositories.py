"""The learner's three repositories: what they hold, and copies of them."""

from __future__ import annotations

import io
import os
import posixpath
import re
import shutil
import stat
import tarfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from kit.errors import BadInput, UnusableFolder
from kit.names import CLONES, EPOCH, CloneName
from kit.repos.git import RESET, GitAnswer, ask_git, git_environment, read_branches, require_git
from kit.repos.starter import make

GITHUB = "github.git"
_MIGRATIONS = Path("supabase/migrations")
_NAMES = (GITHUB, *CLONES.values())
# In `git status --porcelain=v2`, the path comes after this many spaces (git-status(1)).
_FIELDS_BEFORE_PATH = {"1": 8, "2": 9, "u": 10, "?": 1}
_RENAMED = "2"


@dataclass(frozen=True, kw_only=True)
class CloneSeen:
    """One clone at an instant.

    Attributes:
        branch: the branch that is checked out, "" if HEAD is detached.
        head: the id of its commit.
        branches: the local branches, each with the id of its commit.
        changed: the paths that differ from the commit, untracked files among them.
        migrations: the names in `supabase/migrations`, as the folder has them now.
    """

    branch: str
    head: str
    branches: Mapping[str, str]
    changed: tuple[str, ...]
    migrations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RepositoriesSeen:
    """All three repositories at an instant; `github` has each branch with its commit's id."""

    github: Mapping[str, str]
    clones: Mapping[CloneName, CloneSeen]


def read_status(printed: str) -> tuple[str, str, tuple[str, ...]]:
    """Return branch, commit and changed paths from `git status --porcelain=v2 --branch -z`."""
    branch = head = ""
    changed = []
    entries = iter(printed.split("\0")[:-1])
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind in _FIELDS_BEFORE_PATH:
            changed.append(entry.split(" ", _FIELDS_BEFORE_PATH[kind])[-1])
            if kind == _RENAMED:
                changed.append(next(entries))  # the old path follows
        elif rest.startswith("branch.oid "):
            head = rest.removeprefix("branch.oid ").replace("(initial)", "")
        elif rest.startswith("branch.head "):
            branch = rest.removeprefix("branch.head ").replace("(detached)", "")
    return branch, head, tuple(sorted(changed))


class Repositories:
    """A bare origin and two clones of it, in one folder that can be copied and moved.

    Args:
        folder: holds `github.git`, `rhizome-v2-dev-1` and `rhizome-v2`.

    Attributes:
        github: the path of the bare origin.
        clones: the path of each clone.
    """

    def __init__(self, folder: Path) -> None:
        """Take the repositories that are there; `create` makes them."""
        folder = folder.absolute()
        self.folder = folder
        self.github = folder / GITHUB
        self.clones: Mapping[CloneName, Path] = {clone: folder / name for clone, name in CLONES.items()}
        objects = [path / ".git" / "objects" for path in self.clones.values()]
        # The kit's own calls. The learner's `git config --global` does not reach them, they take
        # no lock that the learner's git may want, and a commit of any of the three can be read.
        self._environment = git_environment(home=folder, when=EPOCH, origin=self.github) | {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": ":".join(map(str, objects)),
        }

    def __repr__(self) -> str:
        """Name what it holds; the folder differs from run to run."""
        return f"Repositories({GITHUB}, {', '.join(CLONES.values())})"

    @classmethod
    def create(cls, folder: Path, *, when: datetime) -> Self:
        """Make all three from the starter; commit ids depend on `when` and nothing else.

        Args:
            folder: where to; it is made, and must be empty.
            when: the beginning; the history lies in the days before it.

        Raises:
            MissingTool: if there is no git, or one that is too old.
            BadInput: if the folder is not empty.
        """
        require_git()
        folder.mkdir(parents=True, exist_ok=True)
        _require_empty(folder)
        repositories = cls(folder)
        make(
            repositories.github,
            dev=repositories.clones["dev"],
            production=repositories.clones["production"],
            when=when,
            environment=git_environment(home=folder, when=when, origin=repositories.github)
            | {"GIT_CONFIG_GLOBAL": "/dev/null"},
        )
        return repositories

    @classmethod
    def load(cls, saved: Path, folder: Path) -> Self:
        """Make `folder` what `save` kept; what it held before is gone, its folders stay the same ones.

        Raises:
            BadInput: if nothing was saved there, or `folder` holds something else than these repositories.
        """
        _copy(saved, folder)
        return cls(folder)

    def save(self, into: Path) -> None:
        """Copy everything, what is not committed included, so that `into` holds this state and no other.

        Raises:
            BadInput: if `into` holds something else than a saved state.
        """
        _copy(self.folder, into)

    def observe(self) -> RepositoriesSeen:
        """Look at all three.

        Raises:
            UnusableFolder: if one of them is gone or no git repository.
        """
        with ThreadPoolExecutor() as pool:  # each answer is a process's
            clones = {clone: pool.submit(self._observe, path) for clone, path in self.clones.items()}
            github = self._branches(self.github)
            return RepositoriesSeen(
                github=github, clones={clone: look.result() for clone, look in clones.items()}
            )

    def archive(self, commit: str, into: Path) -> None:
        """Write the files of a commit to a folder, which is made.

        Args:
            commit: an id, or a branch of the origin.
            into: the folder.

        Raises:
            BadInput: if there is no such commit.
        """
        files = self._ask("archive", "--format=tar", self._id(commit))
        into.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(files)) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(into, filter="data")
            else:  # Python 3.11.0 to 3.11.3, Debian 12's for one
                _refuse_links_out(tar)
                tar.extractall(into)  # noqa: S202 - what git archives lies below the folder

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file as a commit has it, None if the commit has no such file.

        Raises:
            BadInput: if there is no such commit.
        """
        found = self._id(commit)
        answer = self._git(self.github, "cat-file", "blob", f"{found}:{path}")
        if answer.exit:
            self._ask("cat-file", "commit", found)
            return None
        return answer.output

    def files(self, commit: str) -> tuple[str, ...]:
        """Return the paths of a commit's files, sorted.

        Raises:
            BadInput: if there is no such commit.
        """
        names = self._ask("ls-tree", "-r", "--name-only", "-z", self._id(commit))
        return tuple(sorted(names.decode().split("\0")[:-1]))

    def changed_since(self, commit: str, clone: CloneName) -> tuple[str, ...]:
        """Return the paths in a clone's folder that differ from a commit, committed or not; sorted.

        Raises:
            BadInput: if there is no such commit.
            UnusableFolder: if the clone is gone or no git repository.
        """
        folder, found = self.clones[clone], self._id(commit)
        differ = self._look(folder, "diff", "--name-only", "--no-renames", "-z", found, "--")
        new = self._look(folder, "ls-files", "--others", "--exclude-standard", "-z")
        return tuple(sorted({*differ.split("\0"), *new.split("\0")} - {""}))

    def commits(self, of: str, *, without: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the ids of the commits that the history of `of` holds, and no other one; the newest first.

        Args:
            of: a commit.
            without: commits whose histories are left out.

        Raises:
            BadInput: if there is no such commit.
        """
        left_out = [f"^{self._id(commit)}" for commit in without]
        return tuple(self._ask("rev-list", "--topo-order", self._id(of), *left_out).decode().split())

    def changed(self, old: str, new: str) -> tuple[str, ...]:
        """Return the paths of the files in which two commits differ, sorted.

        Raises:
            BadInput: if there is no such commit.
        """
        differ = self._ask("diff", "--name-only", "--no-renames", "-z", self._id(old), self._id(new), "--")
        return tuple(sorted(differ.decode().split("\0")[:-1]))

    def is_ancestor(self, old: str, new: str) -> bool:
        """Say whether the history of `new` contains `old`.

        Raises:
            BadInput: if there is no such commit.
        """
        answer = self._git(self.github, "merge-base", "--is-ancestor", self._id(old), self._id(new))
        if answer.exit > 1:
            raise _unknown(f"{old} or {new}", answer)
        return answer.exit == 0

    def install_hook(self, text: str) -> None:
        """Have the origin run `text`, a script with its `#!` line, after each push."""
        hook = self.github / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(text)
        hook.chmod(0o755)

    def _observe(self, clone: Path) -> CloneSeen:
        status = self._look(clone, "status", "--porcelain=v2", "--branch", "--untracked-files=all", "-z")
        branch, head, changed = read_status(status)
        migrations = clone / _MIGRATIONS
        return CloneSeen(
            branch=branch,
            head=head,
            branches=self._branches(clone),
            changed=changed,
            migrations=tuple(sorted(path.name for path in migrations.iterdir()))
            if migrations.is_dir()
            else (),
        )

    def _branches(self, repository: Path) -> dict[str, str]:
        if (branches := read_branches(repository)) is not None:
            return branches
        form = "--format=%(refname:lstrip=2) %(objectname)"
        lines = self._look(repository, "for-each-ref", form, "refs/heads").splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def _id(self, commit: str) -> str:
        if re.fullmatch("[0-9a-f]{40}", commit):
            return commit
        return self._ask("rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}").decode().strip()

    def _ask(self, *arguments: str) -> bytes:
        answer = self._git(self.github, *arguments)
        if answer.exit:
            raise _unknown(arguments[-1].removesuffix("^{commit}"), answer)
        return answer.output

    def _look(self, repository: Path, *arguments: str) -> str:
        answer = self._git(repository, *arguments)
        if answer.exit:
            raise UnusableFolder(
                f"{repository.name} is not a git repository any more.", why=answer.stderr, remedy=RESET
            )
        return answer.output.decode(errors="surrogateescape")

    def _git(self, repository: Path, *arguments: str) -> GitAnswer:
        return ask_git(*arguments, cwd=repository, environment=self._environment)


def _copy(source: Path, target: Path) -> None:
    """Make `target` hold what `source` holds, no more and no less, also what is not committed.

    Args:
        source: a folder with the three repositories.
        target: an empty folder, a new one, or one with repositories; their own folders
            stay, for a terminal that is open in one of them.

    Raises:
        BadInput: if `source` does not hold the repositories, or `target` holds something else.
    """
    # Looked at before anything is removed.
    if not all((source / name).is_dir() for name in _NAMES):
        raise BadInput("There are no saved repositories.", looked=[str(source)], remedy=RESET)
    target.mkdir(parents=True, exist_ok=True)
    # A single one is enough: a learner may have deleted the others, and wants them back.
    if not any((target / name).is_dir() for name in _NAMES):
        _require_empty(target)
    _mirror(source, target)
    for name in _NAMES:
        _mend_worktrees(target / name)


def _mirror(source: Path, target: Path) -> None:
    """Make a folder the copy of another; a file that is the same stays: reading is quicker than making it."""
    target.chmod(0o700)  # whatever was done to it
    wanted = {path.name: path for path in source.iterdir() if path.name != "__pycache__"}
    for path in list(target.iterdir()):
        if path.name in wanted and _becomes(path, wanted[path.name]):
            del wanted[path.name]
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    for name, path in wanted.items():
        if path.is_dir() and not path.is_symlink():
            (target / name).mkdir()
            _mirror(path, target / name)
        else:
            shutil.copy2(path, target / name, follow_symlinks=False)
    shutil.copystat(source, target)


def _becomes(path: Path, wanted: Path) -> bool:
    """Say whether what is there can stay, and make it the same as what is wanted."""
    there, facts = path.lstat(), wanted.lstat()
    if stat.S_ISDIR(there.st_mode) and stat.S_ISDIR(facts.st_mode):
        _mirror(wanted, path)
        return True
    if (there.st_mode, there.st_size) != (facts.st_mode, facts.st_size) or not stat.S_ISREG(facts.st_mode):
        return False
    if path.read_bytes() != wanted.read_bytes():
        return False
    if there.st_mtime_ns != facts.st_mtime_ns:
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return True


def _require_empty(folder: Path) -> None:
    if any(folder.iterdir()):
        raise BadInput(
            "The folder for the repositories is not empty.",
            looked=[str(folder)],
            remedy="Give another folder.",
        )


def _mend_worktrees(clone: Path) -> None:
    """Point a copied clone and the worktrees beside it to each other: git keeps whole paths both ways."""
    for there in (clone / ".git" / "worktrees").glob("*/gitdir"):
        worktree = clone.parent / Path(there.read_text().strip()).parent.name
        if worktree.is_dir():
            there.write_text(f"{worktree / '.git'}\n")
            (worktree / ".git").write_text(f"gitdir: {there.parent}\n")


def _unknown(what: str, answer: GitAnswer) -> BadInput:
    return BadInput(
        f"No repository has the commit {what}.",
        why=answer.stderr,
        remedy="Give the id of a commit, or a branch that was pushed.",
    )


def _refuse_links_out(tar: tarfile.TarFile) -> None:
    """Do what `data_filter` does about links, where tarfile does not have it yet."""
    for member in tar.getmembers():
        target = posixpath.normpath(posixpath.join(posixpath.dirname(member.name), member.linkname))
        if member.issym() and (posixpath.isabs(target) or target.split("/")[0] == ".."):
            raise tarfile.ExtractError(f"{member.name!r} would link to {member.linkname!r}, which is outside")
