"""Build a release in dist/ and check it as a stranger meets it: `make release`.

The source archive, the wheel made from it; what twine says of both; what is in the wheel; and
the wheel in an empty environment, from another folder: with pip, and with uv, from nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
_MATERIAL = ("notebooks/*.ipynb", "docs/*.md", "docs/language/*.svg", "docker-compose.yml")
_NOT_SHIPPED = ("kit/widgets/scene/",)
"""What the widgets' modules are bundled from: who changes them has a checkout."""


def build() -> tuple[Path, Path]:
    """Make dist/ anew; return the source archive and the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    shutil.rmtree(ROOT / "build", ignore_errors=True)  # setuptools would put what lies there into the wheel
    _run([sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT)], quiet=True)
    (archive,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    return archive, wheel


def find_differences(wheel: Path) -> list[str]:
    """Compare a wheel's files with those that git has; return what lacks, and what is too much."""
    listed = _run(["git", "-C", str(ROOT), "ls-files", "-z", "--", "kit"]).split("\0")
    wanted = {name for name in listed if name and not name.startswith(_NOT_SHIPPED)}
    wanted |= {
        f"kit/material/{path.relative_to(ROOT).as_posix()}"
        for pattern in _MATERIAL
        for path in ROOT.glob(pattern)
    }
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    return [*(f"lacks {name}" for name in wanted - found), *(f"holds {name}" for name in found - wanted)]


def try_wheel(wheel: Path, scratch: Path) -> None:
    """Install a wheel in an empty environment, with pip and with uv, and run `kit` from another folder."""
    place, project = scratch / "environment", scratch / "your-project"
    shutil.copytree(ROOT / "kit" / "starter" / "main", project)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)])
    said = _run([str(place / "bin" / "kit"), "--version"], cwd=scratch)
    if said.split() != ["broken-window-kit", version]:
        sys.exit(f"kit --version says {said!r}")
    _run([str(place / "bin" / "kit"), "check", str(project)], cwd=scratch)
    lesson = subprocess.run(
        [place / "bin" / "kit", "lab"],
        cwd=scratch,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if "broken-window-kit[lesson]" not in lesson.stderr:
        sys.exit(f"kit lab does not say how to install the lesson: {lesson.stderr}")

    uvx = Path(sys.executable).with_name("uvx")
    began = time.monotonic()
    _run(
        [str(uvx), "--isolated", "--no-cache", "--from", str(wheel), "kit", "check", str(project)],
        cwd=scratch,
    )
    print(f"uvx --from dist/{wheel.name} kit check, from nothing: {time.monotonic() - began:.1f} s")


def try_lesson(wheel: Path, scratch: Path) -> None:
    """Have uv bring the lesson, for somebody else in another folder; `kit doctor` opens a world there."""
    uvx = [str(Path(sys.executable).with_name("uvx")), "--isolated", "--from", f"{wheel}[lesson]", "kit"]
    folder, home = scratch / "elsewhere", scratch / "learner"
    folder.mkdir()
    cache = _run([str(Path(sys.executable).with_name("uv")), "cache", "dir"]).strip()
    learner = {"HOME": str(home), "UV_CACHE_DIR": cache}
    _run([*uvx, "lab", "--only-copies"], cwd=folder, more=learner)
    copies = [path.name for path in (home / "broken-window-kit" / "my-notebooks").glob("*.ipynb")]
    if sorted(copies) != sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb")):
        sys.exit(f"kit lab --only-copies has made {copies} in {home}")
    _run([*uvx, "doctor"], cwd=folder, more=learner)
    print(f"uvx --from 'dist/{wheel.name}[lesson]' kit lab, kit doctor: {len(copies)} notebooks, a world")


def _environment() -> dict[str, str]:
    """Return this process's variables without those by which a Python finds what it should not."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _run(
    words: list[str], *, cwd: Path = ROOT, quiet: bool = False, more: Mapping[str, str] | None = None
) -> str:
    ran = subprocess.run(
        words,
        cwd=cwd,
        env={**_environment(), **(more or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        stderr=subprocess.STDOUT if quiet else None,
    )
    if ran.returncode:
        sys.exit(f"{' '.join(words)} ended with {ran.returncode}\n{ran.stdout}")
    return ran.stdout


def main() -> None:
    """Build and check, a line for each."""
    archive, wheel = build()
    print(f"Built dist/{archive.name} and dist/{wheel.name}, {wheel.stat().st_size // 1000} kB")
    _run([sys.executable, "-m", "twine", "check", "--strict", str(archive), str(wheel)])
    print("twine check: both pass")
    if differences := find_differences(wheel):
        sys.exit("\n".join(["The wheel is not what git has:", *sorted(differences)]))
    print("The wheel holds what git has, the notebooks, their documents, docker-compose.yml")
    with tempfile.TemporaryDirectory() as scratch:
        try_wheel(wheel, Path(scratch).resolve())
        print("Installed in an empty environment: kit --version, kit check; kit lab names the extra")
        try_lesson(wheel, Path(scratch).resolve())


if __name__ == "__main__":
    main()
