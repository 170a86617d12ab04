"""Ask a folder's git, which is only read, what its main branch has."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from kit.errors import BadInput
from kit.repos import ask_git
from kit.supabase.files import FOLDER

_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_READS_ONLY = (
    # The folder may belong to another user (containers, CI); nothing of it is run, nothing is written.
    *("-c", "safe.directory=*"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "log.showSignature=false"),
)


@dataclass(frozen=True, kw_only=True)
class Main:
    """What the main branch has in supabase/migrations.

    Attributes:
        name: the branch, as it was found or given; "" where there is none.
        files: the blob with which each file first reached the branch.
    """

    name: str = ""
    files: dict[str, str] = field(default_factory=dict)


class Git:
    """Reads the repository of a project.

    Args:
        project: the folder that holds `supabase/`.
    """

    def __init__(self, project: Path) -> None:
        """Keep the folder."""
        self._project = project

    def __repr__(self) -> str:
        """Say the class."""
        return "Git()"

    def find_main(self, since: str | None) -> Main:
        """Look up the main branch, or the commit that stands for what is applied.

        Args:
            since: a branch, tag or commit; None to look for the main branch.

        Raises:
            BadInput: if `since` is none.
            MissingTool: if there is no git.
        """
        for name in [since] if since is not None else _BRANCHES:
            if (
                self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
                is not None
            ):
                shown = self._shown(name)
                return Main(name=shown, files=self._tree(name) | (self._first(name) if since is None else {}))
        if since is not None:
            raise BadInput(
                f"git has no commit {since!r} here.",
                remedy="Give a branch, a tag or a commit; on CI, fetch it first (fetch-depth: 0).",
                looked=[str(self._project)],
            )
        return Main()

    def left(self, main: Main) -> frozenset[str]:
        """Return the files that the branch had when HEAD left it."""
        base = self._ask("merge-base", main.name, "HEAD")
        return frozenset(self._tree(base.decode().strip())) if base else frozenset()

    def changes_code(self, main: Main) -> bool:
        """Say whether anything outside of `supabase/` differs from the branch; without a branch, it does."""
        if not main.name:
            return True
        return self._ask("diff", "--quiet", main.name, "--", ".", ":(exclude)supabase") is None

    def text(self, blob: str) -> bytes:
        """Return the content of a blob."""
        return self._ask("cat-file", "blob", blob) or b""

    def _shown(self, name: str) -> str:
        if name != "origin/HEAD":
            return name
        answer = self._ask("rev-parse", "--abbrev-ref", name)
        return answer.decode().strip() if answer else name

    def _tree(self, commit: str) -> dict[str, str]:
        listed = self._ask("ls-tree", "-z", commit, f"{FOLDER}/") or b""
        found = {}
        for entry in filter(None, listed.split(b"\0")):
            about, path = entry.split(b"\t", 1)
            _, kind, blob = about.decode().split()
            if kind == "blob":
                found[os.fsdecode(path).rsplit("/", 1)[-1]] = blob
        return found

    def _first(self, branch: str) -> dict[str, str]:
        """Return the blob of each file as it was added last; of files that the branch still has."""
        have = self._tree(branch)
        log = self._ask(
            *("log", "--first-parent", "-m", "--raw", "--no-abbrev", "--no-renames", "--relative", "-z"),
            *("--diff-filter=A", "--format=", branch, "--", f"{FOLDER}/"),
        )
        parts = (log or b"").split(b"\0")
        found: dict[str, str] = {}
        for about, path in pairwise(parts):
            if about.lstrip(b"\n").startswith(b":"):
                name = os.fsdecode(path).rsplit("/", 1)[-1]
                if name in have:
                    found.setdefault(name, about.split()[3].decode())
        return found

    def _ask(self, *arguments: str) -> bytes | None:
        answer = ask_git(*_READS_ONLY, *arguments, cwd=self._project, environment=_environment())
        return None if answer.exit else answer.output


def blob_of(data: bytes, *, like: str) -> str:
    """Return the name that git gives to this content, in the same hash as another name."""
    kind = hashlib.sha1 if len(like) == 40 else hashlib.sha256  # noqa: PLR2004 - hexadecimal digits of SHA-1
    return kind(b"blob %d\0" % len(data) + data).hexdigest()


def _environment() -> dict[str, str]:
    """Return all variables for git: nobody's configuration, no lock, no network, no question."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
    }
