"""The world as a notebook sees it: two clones to type in, visitors, a clock, a timeline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from kit.draw import draw_element, draw_verdict
from kit.errors import BadInput
from kit.host.outcome import Log
from kit.host.proxy import find_public
from kit.host.settings import Migrates, PreviewDatabase
from kit.names import CLONES, CloneName
from kit.process.shell import Ran
from kit.timeline import Timeline, count_outcomes, draw_visits
from kit.timeline.clock import ClockName
from kit.world.checkpoints import Progress, go_to
from kit.world.engine import Engine
from kit.world.job import JobRun, run_job
from kit.world.open import open_at, open_scratch
from kit.world.page import Page
from kit.world.snapshot import Change, Described, Status
from kit.world.tab import Tab
from kit.world.workflow import PHASES

_NO_PROXY = (
    "(only programs on the hub's own machine find that: the hub lacks jupyter-server-proxy, "
    "which pip install 'broken-window-kit[hub]' brings; VisitorSeat(world) needs it, too)"
)


_NO_PROXY = (
    "(only programs on the hub's own machine find that: the hub lacks jupyter-server-proxy, "
    "which pip install 'broken-window-kit[hub]' brings)"
)


@dataclass(frozen=True)
class Shown:
    """A few words about what was done; shown as they are.

    Attributes:
        text: the words.
        picture: HTML to show below them, "" for none.
    """

    text: str
    picture: str = ""

    def __repr__(self) -> str:
        """Show the words."""
        return self.text

    def _repr_html_(self) -> str | None:
        """Show the words above the picture; None, which is no HTML at all, where there is no picture."""
        return draw_element("p", self.text, style="margin:0 0 2px") + self.picture if self.picture else None


class Clone:
    """A checkout of the repository.

    Args:
        engine: of the world that it belongs to.
        name: "dev" or "production".
    """

    def __init__(self, engine: Engine, name: CloneName) -> None:
        """Name the checkout; nothing runs."""
        self._engine = engine
        self._name = name

    def __repr__(self) -> str:
        """Name the folder; where it lies differs from run to run."""
        return f"{self._name}: the clone {CLONES[self._name]}"

    def run(self, command: str) -> Ran:
        """Run what one would type at work, in a real shell in this clone's folder.

        Args:
            command: any shell syntax; `$LOCAL_DB_URL` and `$CLOUD_DB_URL` are set.

        Returns:
            The command with its output and exit code. A failing command is shown, not raised.

        Raises:
            WorldTaken: if another notebook or terminal has taken the world over.
            ServerFailed: if PostgreSQL was killed.
        """
        return self._engine.run(self._name, command)

    def write(self, path: str, text: str) -> Shown:
        """Write a file of this clone, as an editor does.

        Args:
            path: from the clone's top.
            text: its whole new content; empty lines at both ends are left out.

        Raises:
            BadInput: if the path leads out of the clone.
        """
        self._engine.write(self._name, path, text.strip("\n") + "\n")
        return Shown(f"wrote {path}, {_lines(text)}")

    def append(self, path: str, text: str) -> Shown:
        """Add text to the end of a file, after two empty lines; added twice, it is there once.

        Args:
            path: from the clone's top.
            text: what to add; empty lines at both ends are left out.

        Raises:
            BadInput: if the path leads out of the clone.
        """
        self._engine.write(self._name, path, text.strip("\n") + "\n", append=True)
        return Shown(f"added {_lines(text)} to {path}")

    def read(self, path: str) -> Shown:
        """Show a file of this clone.

        Args:
            path: from the clone's top.

        Raises:
            BadInput: if there is no such text file.
        """
        return Shown(self._engine.read(self._name, path).rstrip("\n"))


def _lines(text: str) -> str:
    count = len(text.strip("\n").splitlines())
    return f"{count} line{'s' if count != 1 else ''}"


@dataclass(frozen=True)
class Checked:
    """What should be true after a step: each sentence, and whether it is; shown as a list."""

    number: str
    sentences: tuple[tuple[str, bool], ...]

    def __repr__(self) -> str:
        """Show a line for each sentence."""
        return "\n".join(f"{'✓' if holds else '✗ not true:'} {says}" for says, holds in self.sentences)

    def _repr_html_(self) -> str:
        """Show each sentence beside an edge: a plain one where it is true, a double one where it is not."""
        return "".join(
            draw_verdict(draw_element("strong", "✓" if holds else "✗ not true:"), f" {says}", good=holds)
            for says, holds in self.sentences
        )

    @property
    def holds(self) -> bool:
        """Whether all of them are true."""
        return all(holds for _, holds in self.sentences)


class World:
    """Everything that the workflow touches, for real.

    Attributes:
        dev: the clone in which one develops, rhizome-v2-dev-1.
        production: the clone that runs the worker, rhizome-v2.
    """

    def __init__(self, engine: Engine, how: str) -> None:
        """Wrap a running world; `open` makes one."""
        self.engine = engine
        engine.watched = True
        self._how = how
        self.dev = Clone(engine, "dev")
        self.production = Clone(engine, "production")

    @classmethod
    def open(
        cls,
        phase: int = 1,
        *,
        scratch: bool = False,
        clock: ClockName = "virtual",
        progress: Progress | None = None,
    ) -> Self:
        """Open the world at a phase, as `kit.open_world` says; this class is what comes of it.

        Raises:
            BadInput: if there is no such phase or clock, or your own world is asked for on the wall clock.
            MissingTool, UnusableFolder, ServerFailed: if this machine cannot run it.
        """
        if clock not in ("virtual", "wall") or (clock == "wall" and not scratch):
            raise BadInput(
                f"This world does not run on a clock {clock!r}.",
                remedy='Leave clock out; or open a scratch world: open_world(scratch=True, clock="wall").',
            )
        if scratch:
            opened = open_scratch(phase, clock=clock, progress=progress)
        else:
            opened = open_at(phase, progress=progress)
        return cls(opened.engine, opened.how)

    def __repr__(self) -> str:
        """Say at which phase it stands, and where it comes from."""
        return self._how

    def visitors(self, *, rate: float) -> Shown:
        """Let visitors open documents on production from now on, whenever time passes.

        Args:
            rate: arrivals a second; 0: nobody comes any more.

        Raises:
            BadInput: if the rate is negative or above 512.
        """
        self.engine.visit(rate)
        return Shown(f"{rate:g} visitors a second from now on" if rate else "nobody comes any more")

    def advance(self, seconds: float) -> Shown:
        """Let time pass: builds go on, visitors come.

        Args:
            seconds: how long.

        Returns:
            What visitors met meanwhile.

        Raises:
            BadInput: if `seconds` is negative.
        """
        seen = len(self.timeline)
        self.engine.advance(seconds)
        meanwhile = Timeline(self.timeline.records[seen:])
        met = count_outcomes(meanwhile)
        words = [f"{met.ok} ok"] + [
            f"{count} {name.upper()}"
            for name, count in met._asdict().items()
            if count and name not in ("total", "ok")
        ]
        passed = f"{seconds:g} s passed"
        if not met.total:
            return Shown(passed)
        return Shown(f"{passed}: {met.total} page views, {', '.join(words)}", draw_visits(meanwhile))

    def open_page(self, site: str = "production", *, title: str = "My Test Document") -> Page:
        """Open a document, as one visitor would.

        Args:
            site: "production", "dev" (after `npm run dev`), or a branch, for its preview.
            title: the document's.

        Raises:
            BadInput: if there is no such document, or the site is not served.
        """
        return Page.read(site, self.engine.open_page(site, title))

    def open_tab(self, title: str = "My Test Document") -> Tab:
        """Open a document on production in a tab that stays open, with the code that it came with.

        Args:
            title: the document's.

        Raises:
            BadInput: if there is no such document.
        """
        return Tab(self.engine, title)

    def upload(self, title: str) -> Page:
        """Add a document on production, as a user does, let the worker come, and open it.

        Args:
            title: the document's.

        Returns:
            The reader's page: with the text that the worker made, or without.
        """
        return Page.read("production", self.engine.upload(title))

    def log(self, site: str = "production") -> Log:
        """Show the errors that a site or the worker has logged; equal ones are counted.

        Args:
            site: "production", "dev", "worker", or a branch, for its preview.

        Raises:
            BadInput: if there is no such site.
        """
        with self.engine.step():
            return Log.read(site, self.engine.log(site))

    def rollback(self, commit: str) -> Shown:
        """Make an earlier deployment live again, at once and without a build; the database stays as it is.

        Args:
            commit: its id, or the beginning of it.

        Raises:
            BadInput: if it was never live.
        """
        self.engine.rollback(commit)
        return Shown(f"production serves {self.engine.host.live[:7]} again")

    def promote(self, commit: str = "") -> Shown:
        """Make a deployment that was built live, at once; after a rollback, pushes go live again.

        Args:
            commit: its id, or the beginning of it; "" for the newest.

        Raises:
            BadInput: if there is none.
        """
        self.engine.promote(commit)
        return Shown(f"production serves {self.engine.host.live[:7]}; pushes go live by themselves")

    def cancel(self, commit: str = "") -> Shown:
        """Cancel a deployment that waits or is being built; what it has migrated stays migrated.

        Args:
            commit: its id, or the beginning of it; "" for the newest.

        Raises:
            BadInput: if nothing is under way.
        """
        return Shown(f"canceled the build of {self.engine.cancel(commit)[:7]}")

    def set_host(
        self,
        *,
        migrates: Migrates | None = None,
        concurrent_builds: int | None = None,
        preview_database: PreviewDatabase | None = None,
        production_branch: str | None = None,
    ) -> Shown:
        """Change the host's settings, as in its dashboard; what is left out stays as it is.

        Args:
            migrates: whether a deployment runs `npx supabase db push` itself: "never", in the "build"
                step, before the code is compiled (previews' builds, too), or in a "release" phase of
                production, after the build and before the switch.
            concurrent_builds: how many builds run at a time; of the pushes of one branch that wait
                for a place, only the newest is built.
            preview_database: whether previews use the "production" database, or each its "own".
            production_branch: the branch that production serves.

        Raises:
            BadInput: if there is no such setting.
        """
        given = {
            "migrates": migrates,
            "concurrent_builds": concurrent_builds,
            "preview_database": preview_database,
            "production_branch": production_branch,
        }
        changed = {name: value for name, value in given.items() if value is not None}
        self.engine.set_host(replace(self.engine.host.settings, **changed))  # type: ignore[arg-type]  # it refuses them itself
        return Shown(str(self.engine.host.settings))

    def run_job(self, path: str, *, branch: str = "main", job: str = "") -> JobRun:
        """Run a GitHub Actions workflow for what was pushed, as GitHub would: in a fresh clone, by `bash -e`.

        Its steps get the secret CLOUD_DB_URL and the variable PRODUCTION_URL where the file hands
        them over; `sleep` lets this world's time pass.

        Args:
            path: of the file, as it is on GitHub: ".github/workflows/deploy.yml".
            branch: that was pushed.
            job: which of its jobs; "" for the only one.

        Returns:
            Each step, with what it printed; a failing step is shown, not raised.

        Raises:
            BadInput: if there is no such file on that branch, or it asks for what cannot be run here.
        """
        return run_job(self.engine, path, branch=branch, job=job)

    def check(self, number: str) -> Checked:
        """Ask the world whether a step did what it should.

        Args:
            number: of the step, as in the headings: "5.3".

        Raises:
            BadInput: if there is no such step.
        """
        steps = {step.number: step for phase in PHASES for step in phase.steps if step.predicates}
        if number not in steps:
            raise BadInput(
                f"There is no step {number!r} to check.",
                looked=[", ".join(steps)],
                remedy="Give the number of the step's heading.",
            )
        with self.engine.step():
            seen = self.engine.observe()
        return Checked(number, steps[number].ask(seen))

    def status(self) -> Status:
        """Show what is where: migration file, code and column."""
        with self.engine.step():
            return Status(self.engine.observe())

    def change(self) -> Change:
        """Look at everything, beside what was there before the last command."""
        with self.engine.step():
            return self.engine.change()

    def describe(self) -> Described:
        """Have psql describe the table `documents` in both databases."""
        with self.engine.step():
            return self.engine.describe()

    @property
    def timeline(self) -> Timeline:
        """Everything that happened so far; shown as a drawing in text."""
        return self.engine.timeline

    @property
    def address(self) -> Shown:
        """The production address, to open in a browser; it stays the same for the life of this world."""
        address = self.engine.host.address
        if find_public(address) == address:
            return Shown(address)
        # Production answers at its root; below a path, its links have to lead there, too.
        found = find_public(self.engine.front.open())
        if not found:
            return Shown(f"{address} {_NO_PROXY}")
        link = draw_element("a", "Open it", href=f"{found}/", target="_blank", rel="noopener")
        return Shown(f"{found}/", link)

    def reset(self, phase: int) -> Shown:
        """Start a phase again from its checkpoint; what this world was is gone.

        Args:
            phase: 1 to 8.

        Raises:
            BadInput: if there is no such phase.
        """
        go_to(self.engine, phase)
        self._how = f"Phase {phase}: built from its checkpoint."
        return Shown(self._how)

    def close(self) -> None:
        """Let go of the world: saved first, if it is your own."""
        self.engine.close()

    def __enter__(self) -> Self:
        """Use the world in a `with` statement."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
