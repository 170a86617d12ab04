"""What one may set in the host's dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from kit.errors import BadInput

MAIN = "main"
"""The branch that production serves, unless the settings name another one."""

Migrates = Literal["never", "build", "release"]
"""When a deployment runs `npx supabase db push`.

never: somebody types it, as in the workflow.
build: the build command does, before it compiles (`db push && next build`), previews' builds too.
release: a release phase (Heroku), pre-deploy command (Render) or release_command (Fly.io) does: of
    production alone, after the build and before the switch.
"""
PreviewDatabase = Literal["production", "own"]
"""What a preview is connected to: production's database, or one of its own, made of its migrations."""


@dataclass(frozen=True, kw_only=True)
class HostSettings:
    """The host's settings.

    Attributes:
        migrates: see `Migrates`.
        concurrent_builds: how many builds run at a time; with more pushes the others wait, and of
            several that wait on one branch only the newest is built. Source: Vercel, Build Queues.
        preview_database: see `PreviewDatabase`.
        production_branch: whose pushes go to production; those of all others become previews.

    Raises:
        BadInput: for an unknown word or a number out of range.
    """

    migrates: Migrates = "never"
    concurrent_builds: int = 12
    preview_database: PreviewDatabase = "production"
    production_branch: str = MAIN

    def __post_init__(self) -> None:
        """Refuse what no host has."""
        for name, known in (("migrates", Migrates), ("preview_database", PreviewDatabase)):
            if getattr(self, name) not in get_args(known):
                raise BadInput(
                    f"{name} cannot be {getattr(self, name)!r}.",
                    remedy=f"Choose one of: {', '.join(get_args(known))}.",
                )
        builds = self.concurrent_builds
        if not isinstance(builds, int) or isinstance(builds, bool) or builds < 1:
            raise BadInput(
                f"There cannot be {builds!r} builds at a time.", remedy="Give a number of 1 or more."
            )
        if not isinstance(self.production_branch, str) or not self.production_branch:
            raise BadInput(
                f"Production cannot serve the branch {self.production_branch!r}.",
                remedy="Give a branch's name.",
            )

    def __str__(self) -> str:
        """Say all of them in a sentence."""
        migrates = {
            "never": "does not migrate",
            "build": "migrates in the build step",
            "release": "migrates in a release phase",
        }[self.migrates]
        builds = f"{self.concurrent_builds} build{'s' if self.concurrent_builds > 1 else ''} at a time"
        own = self.preview_database == "own"
        previews = "a database of its own for each preview" if own else "production's database for previews"
        return f"the host {migrates}; {builds}; {previews}; production serves {self.production_branch}"
