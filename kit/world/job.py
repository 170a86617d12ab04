"""A pipeline's job, run as the host of the repository would: a fresh clone, step by step, with secrets."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kit.draw import Markup, draw_element, draw_verdict, format_commit
from kit.errors import BadInput
from kit.process.messenger import install_sleep
from kit.process.shell import Ran, find_shell
from kit.repos.git import REMOTE_URL
from kit.world.engine import Engine

_CHECKOUT = "actions/checkout@"
_EXPRESSION = re.compile(r"\$\{\{\s*([\w.]+)\s*\}\}")
_KEYS = frozenset({"name", "run", "uses", "with", "env", "working-directory", "id", "timeout-minutes"})
_MASK = "***"


@dataclass(frozen=True, kw_only=True)
class JobStep:
    """A step of a job.

    Attributes:
        name: what it is called; the first line of what it runs, where it has no name.
        run: what bash gets; "" for the checkout.
        env: its own variables.
        folder: where it runs, from the clone's top.
    """

    name: str
    run: str
    env: Mapping[str, str] = field(default_factory=dict)
    folder: str = "."


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a workflow file says.

    Attributes:
        name: of the job.
        branches: those whose pushes start it; all, where it is empty.
        env: variables of all steps.
        steps: in their order.
    """

    name: str
    branches: tuple[str, ...]
    env: Mapping[str, str]
    steps: tuple[JobStep, ...]


@dataclass(frozen=True, kw_only=True)
class StepRan:
    """A step, and what became of it; `ran` is None for one that was skipped since another one failed."""

    name: str
    ran: Ran | None

    @property
    def passed(self) -> bool:
        """Whether it ran to its end, with exit code 0."""
        return self.ran is not None and self.ran.exit == 0


@dataclass(frozen=True, kw_only=True, repr=False)
class JobRun:
    """A job that ran.

    Attributes:
        path: of the workflow file.
        name: of the job.
        commit: what it was run for.
        steps: in their order.
    """

    path: str
    name: str
    commit: str
    steps: tuple[StepRan, ...]

    @property
    def passed(self) -> bool:
        """Whether each step passed."""
        return all(step.passed for step in self.steps)

    @property
    def stopped_at(self) -> str:
        """The name of the step that failed, "" if none did."""
        return next((step.name for step in self.steps if step.ran is not None and not step.passed), "")

    def __repr__(self) -> str:
        """Show each step, with what it printed."""
        lines = [self._head]
        for step in self.steps:
            lines.append(f"{_mark(step)} {_title(step)}")
            lines += [f"    {line}" for line in _printed(step)]
        return "\n".join(lines)

    @property
    def _head(self) -> str:
        verdict = "passed" if self.passed else "failed"
        return f"{self.path}, job {self.name}, for {format_commit(self.commit)}: {verdict}"

    def _repr_html_(self) -> str:
        """Show each step beside an edge; what it printed is folded below it, where it passed."""
        parts = [draw_element("p", draw_element("strong", self._head), style="margin:0 0 4px")]
        for step in self.steps:
            title = draw_element("strong", f"{_mark(step)} {_title(step)}")
            parts.append(draw_verdict(title, good=step.passed))
            if printed := _printed(step):
                text = draw_element("pre", "\n".join(printed), style="margin:0 0 4px 12px")
                parts.append(_fold(text) if step.passed else text)
        return draw_element("div", *parts)


def _fold(text: Markup) -> Markup:
    summary = draw_element("summary", "What it printed", style="cursor:pointer")
    return draw_element("details", summary, text, style="margin:0 0 4px 12px")


def _mark(step: StepRan) -> str:
    return "✓" if step.passed else "○" if step.ran is None else "✗"


def _title(step: StepRan) -> str:
    if step.ran is None:
        return f"{step.name}: skipped"
    return f"{step.name}: exit code {step.ran.exit}" if step.ran.exit else step.name


def _printed(step: StepRan) -> list[str]:
    return step.ran.output.rstrip("\n").splitlines() if step.ran is not None else []


def read_job(text: str, path: str, job: str = "") -> Job:
    """Read a workflow file of GitHub Actions.

    Args:
        text: of the file.
        path: of the file, for messages.
        job: which of its jobs; "" for the only one.

    Raises:
        BadInput: if it is no such file, or asks for what cannot be run here.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _unreadable(path, " ".join(str(error).split())) from error
    if not isinstance(document, dict):
        raise _unreadable(path, "it is no mapping")
    jobs = document.get("jobs")
    if not isinstance(jobs, dict) or not jobs:
        raise _unreadable(path, "it has no jobs")
    name = job or next(iter(jobs))
    if name not in jobs or (not job and len(jobs) > 1):
        raise BadInput(
            f"{path} has no job {job!r}." if job else f"{path} has {len(jobs)} jobs.",
            looked=list(map(str, jobs)),
            remedy=f"Name one: lab.run_job({path!r}, job={next(iter(jobs))!r}).",
        )
    body = jobs[name]
    if not isinstance(body, dict) or not isinstance(body.get("steps"), list):
        raise _unreadable(path, f"the job {name} has no steps")
    env = {**_variables(document, path), **_variables(body, path)}
    steps = tuple(_read_step(step, path) for step in body["steps"])
    # To YAML 1.1 the key `on` is the word for true.
    return Job(
        name=str(name), branches=_branches(document.get("on", document.get(True))), env=env, steps=steps
    )


def _read_step(step: object, path: str) -> JobStep:
    if not isinstance(step, dict) or ("run" in step) == ("uses" in step):
        raise _unreadable(path, "each step needs either run or uses")
    unknown = sorted(map(str, step.keys() - _KEYS))
    uses = str(step.get("uses", ""))
    if unknown or (uses and not uses.startswith(_CHECKOUT)):
        raise BadInput(
            f"{path} asks for what the kit cannot run: {', '.join(unknown) or uses}.",
            remedy="Use steps with run:, and actions/checkout; name, env and working-directory are known.",
        )
    lines = str(step.get("run", uses)).strip()
    return JobStep(
        name=str(step.get("name") or lines.splitlines()[0]),
        run="" if uses else lines,
        env=_variables(step, path),
        folder=str(step.get("working-directory", ".")),
    )


def _variables(where: Mapping[Any, Any], path: str) -> dict[str, str]:
    env = where.get("env") or {}
    if not isinstance(env, dict):
        raise _unreadable(path, "env is no mapping")
    return {str(name): str(value) for name, value in env.items()}


def _branches(on: object) -> tuple[str, ...]:
    push = on.get("push") if isinstance(on, dict) else None
    branches = push.get("branches", ()) if isinstance(push, dict) else ()
    return (
        tuple(map(str, branches)) if isinstance(branches, Sequence) and not isinstance(branches, str) else ()
    )


def _unreadable(path: str, why: str) -> BadInput:
    return BadInput(
        f"{path} is no workflow of GitHub Actions.",
        why=why,
        remedy="It needs jobs, a job with steps, and in each step run: or uses: actions/checkout@v4.",
    )


def run_job(engine: Engine, path: str, *, branch: str, job: str = "") -> JobRun:
    """Run a job for the newest commit of a branch on GitHub.

    As GitHub does: in a fresh clone of that commit, each step by `bash -e`, until one fails; with the
    secret `CLOUD_DB_URL` and the variable `PRODUCTION_URL`, which its output never shows. `sleep` lets
    the world's time pass.

    Args:
        engine: of the world.
        path: of the workflow file, in that commit.
        branch: that was pushed.
        job: which of its jobs; "" for the only one.

    Raises:
        BadInput: if there is no such branch or file, or the file cannot be run.
    """
    commit = engine.observe().repositories.github.get(branch, "")
    text = engine.repositories.read(commit, path) if commit else None
    if text is None:
        raise BadInput(
            f"There is no {path} on GitHub's {branch}.",
            remedy=f"Commit it, and push it: git push origin {branch}.",
        )
    read = read_job(text.decode(errors="replace"), path, job)
    if read.branches and branch not in read.branches:
        raise BadInput(
            f"{path} does not run for a push of {branch}.",
            looked=list(read.branches),
            remedy="Give one of its branches.",
        )
    with tempfile.TemporaryDirectory(dir=engine.folder, prefix="job-") as folder:
        steps = tuple(_Running(engine, read, Path(folder), branch, commit).steps())
    return JobRun(path=path, name=read.name, commit=commit, steps=steps)


@dataclass(frozen=True, kw_only=False)
class _Running:
    """A job that is running."""

    engine: Engine
    job: Job
    folder: Path
    branch: str
    commit: str

    def steps(self) -> Iterator[StepRan]:
        """Run step by step, until one fails; the others are skipped."""
        failed = False
        for step in self.job.steps:
            ran = None if failed else self._run(step)
            failed = failed or ran is None or ran.exit != 0
            yield StepRan(name=step.name, ran=ran)

    @property
    def _clone(self) -> Path:
        return self.folder / "clone"

    def _run(self, step: JobStep) -> Ran:
        env = {name: self._fill(value) for name, value in {**self.job.env, **step.env}.items()}
        command = self._fill(step.run)
        if not step.run:
            command = f"git clone -q {REMOTE_URL} . && git checkout -q -B {self.branch} {self.commit}"
        self._clone.mkdir(exist_ok=True)
        script = self.folder / "step.sh"
        script.write_text(command + "\n", encoding="utf-8")
        ran = self.engine.run_step(
            step.name,
            f"exec {find_shell()} -e {shlex.quote(str(script))}",
            folder=self._clone / step.folder,
            env=self._environment() | env,
        )
        return Ran(command=step.run, output=self._mask(ran.output), exit=ran.exit)

    def _environment(self) -> dict[str, str]:
        env = self.engine.environment()
        # A job has the secrets that its file hands it, and no others.
        for name in ("LOCAL_DB_URL", "CLOUD_DB_URL"):
            del env[name]
        programs = install_sleep(self.folder, sockets=self.engine.supervisor.folder)
        env["PATH"] = f"{programs}:{env['PATH']}"
        return env | {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_SHA": self.commit,
            "GITHUB_REF_NAME": self.branch,
        }

    def _known(self) -> dict[str, str]:
        return {
            "secrets.CLOUD_DB_URL": self.engine.server.url("cloud", "migrator"),
            "vars.PRODUCTION_URL": self.engine.host.address,
            "github.sha": self.commit,
            "github.ref_name": self.branch,
        }

    def _fill(self, text: str) -> str:
        """Put values in the place of `${{ … }}`; of what is not known, nothing, as GitHub does."""
        known = self._known()
        return _EXPRESSION.sub(lambda found: known.get(found[1], ""), text)

    def _mask(self, text: str) -> str:
        hidden = (value for name, value in self._known().items() if not name.startswith("github."))
        for value in hidden:
            text = text.replace(value, _MASK)
        return text.replace(str(self.folder), "")
