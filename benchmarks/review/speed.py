"""How long `kit check` takes: to start, for a thousand migrations, and for ten thousand."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from benchmarks.measurement import Row, median
from kit.names import ROOT

_MIX = Path(__file__).with_name("mix.sql")
_THOUSAND, _TEN_THOUSAND = 1_000, 10_000
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def write_folder(root: Path, count: int) -> Path:
    """Write a Supabase project with so many migrations, all of them different; return its folder of them."""
    folder = root / "supabase" / "migrations"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, sql) in enumerate(islice(_files(), count)):
        (folder / f"{20200101000000 + number}_{name}.sql").write_text(sql)
    return folder


def _files() -> Iterator[tuple[str, str]]:
    blocks = _MIX.read_text().split("-- file: ")[1:]
    for number, block in enumerate(cycle(blocks)):
        name, _, sql = block.partition("\n")
        turn = number // len(blocks)
        yield name, sql.replace("ledger", f"ledger_{turn}").replace("former", f"ledger_{max(0, turn - 1)}")


def measure_check(runs: int) -> list[Row]:
    """Run `python -m kit check` on folders of migrations, none of which a main branch has."""
    with tempfile.TemporaryDirectory(prefix="bench-check-") as kept:
        few, many, most = (Path(kept) / name for name in ("few", "many", "most"))
        write_folder(few, 1)
        write_folder(many, _THOUSAND)
        write_folder(most, _TEN_THOUSAND)
        _check(few)  # compiles what is not compiled yet
        start = median(lambda: _check(few), runs)
        thousand = median(lambda: _check(many), runs)
        commented = median(lambda: _check(_commented(Path(kept) / "commented")), 1)
        ten_thousand = _check(most)
    times = ten_thousand / thousand
    unit = "s of CPU"
    return [
        Row(
            what="python -m kit check, one migration",
            measured=start,
            unit=unit,
            target=0.3,
            note="`python -m benchmarks check` measures these four",
        ),
        Row(what=f"python -m kit check, {_THOUSAND:,} pending", measured=thousand, unit=unit, target=2),
        Row(
            what=f"python -m kit check, {_THOUSAND:,} of main with another comment each",
            measured=commented,
            unit=unit,
            target=2,
        ),
        Row(
            what=f"python -m kit check, {_TEN_THOUSAND:,} pending, of {_THOUSAND:,}",
            measured=times,
            unit="times",
            target=_TEN_THOUSAND / _THOUSAND * 1.1,
            note=f"{ten_thousand:.1f} s of CPU",
        ),
    ]


def _commented(root: Path) -> Path:
    """Commit a thousand migrations, and write a comment into each on a branch."""
    folder = write_folder(root, _THOUSAND)

    def git(*arguments: str) -> None:
        author = ("-c", "user.name=A", "-c", "user.email=a@rhizome.example")
        subprocess.run(["git", *author, *arguments], cwd=root, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "all")
    git("checkout", "-q", "-b", "feature")
    for path in folder.iterdir():
        path.write_text(f"-- as it was\n{path.read_text()}")
    return root


def _check(folder: Path) -> float:
    """Return the seconds of CPU that `kit check` and its git take; what it finds does not matter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        [sys.executable, "-m", "kit", "check", "."],
        cwd=folder,
        env=_ENVIRONMENT,
        check=False,
        capture_output=True,
    )
    if ran.stderr:
        raise RuntimeError(ran.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
