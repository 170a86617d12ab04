"""Put the site together: the notebooks as they are stored, the documents, the recorded runs.

Usage: python -m website [FOLDER]
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from html import escape
from pathlib import Path
from typing import Any

from sphinx.cmd.build import build_main

from kit.draw import pack_style
from kit.names import ROOT
from kit.widgets import deploy_panel
from website.record import RECORDINGS, record

SITE = ROOT / "build" / "site"
_HERE = Path(__file__).parent
_CORE = ("00_start_here", "02_change_database", "05_merge_and_deploy", "09_which_order", "12_tomorrow")
_DOCUMENTS = ("language", "glossary", "claims")
_ANIMATION = re.compile(r"^!\[.*\]\(docs/deploy\.gif\)$", re.MULTILINE)


def gather(sources: Path) -> None:
    """Write the site's sources: what Sphinx reads, and what the pages load."""
    shutil.rmtree(sources, ignore_errors=True)
    (sources / "notebooks").mkdir(parents=True)
    shutil.copytree(_HERE / "static", sources / "static")
    shutil.copy(_HERE / "conf.py", sources)
    shutil.copy(ROOT / "kit" / "widgets" / "deploy.js", sources / "static")
    style = pack_style(deploy_panel.__file__, "deploy_picture", "deploy_panel")
    (sources / "static" / "deploy.css").write_text(style, encoding="utf-8")
    shutil.copytree(ROOT / "docs", sources / "docs", ignore=shutil.ignore_patterns("*.md"))
    shutil.copytree(ROOT / "docs" / "language", sources / "extra" / "docs" / "language")
    for name in _DOCUMENTS:
        shutil.copy(ROOT / "docs" / f"{name}.md", sources / "docs")
    names = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        names.append(path.stem)
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            _put_player(cell, sources / "static")
        (sources / "notebooks" / path.name).write_text(json.dumps(notebook), encoding="utf-8")
    (sources / "index.md").write_text(_write_index(names), encoding="utf-8")


def _put_player(cell: dict[str, Any], static: Path) -> None:
    """Where a cell shows a panel of which there is a record, have the page play it."""
    recording = RECORDINGS.get(cell["id"])
    if recording is None or cell["cell_type"] != "code":
        return
    sys.stdout.write(f"Recording for {cell['id']}: {', '.join(recording.plans)}\n")
    recorded, views = record(recording)
    for name, facts in ((cell["id"], recorded), (f"{cell['id']}-views", views)):
        (static / f"{name}.json").write_text(json.dumps(facts, separators=(",", ":")), encoding="utf-8")
    (output,) = (output for output in cell["outputs"] if "text/html" in output.get("data", {}))
    drawn = "".join(output["data"]["text/html"])
    output["data"]["text/html"] = (
        f'<div class="kit-recorded" data-record="{escape(cell["id"])}.json">{drawn}</div>'
    )


def _write_index(names: list[str]) -> str:
    """Return the first page: what the README says first, the panel that is played, the lists."""
    depth = [name for name in names if name not in _CORE]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    head = readme[: readme.index("```")].strip()
    return "\n".join(
        [
            head,
            "",
            "This is the lesson to read: every output was made by running it, and is compared by a test.",
            "To run it yourself, and deploy for real: get the kit, and type `make lab`.",
            "",
            "## The window, in a minute",
            "",
            "New code is live when it is built; its schema comes when somebody types `db push`.",
            "Play the run, drag its hand, look into an instant; then drag *db push*.",
            "",
            '<div class="kit-recorded" data-record="05-85.json"></div>',
            "",
            _ANIMATION.findall(readme)[0],
            "",
            *_toctree("Core", [f"notebooks/{name}" for name in _CORE]),
            *_toctree("Depth", [f"notebooks/{name}" for name in depth]),
            *_toctree("Look up", [f"docs/{name}" for name in _DOCUMENTS]),
        ]
    )


def _toctree(caption: str, entries: list[str]) -> list[str]:
    return ["```{toctree}", ":maxdepth: 1", f":caption: {caption}", "", *entries, "```", ""]


def main() -> int:
    """Build the site; return Sphinx's exit code."""
    site = Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else SITE
    sources = site.with_name(f"{site.name}-sources")
    gather(sources)
    # -W: a link that leads nowhere is an error.
    code = build_main(["-q", "-W", "--keep-going", "-b", "html", str(sources), str(site)])
    if not code:
        sys.stdout.write(f"The site is {site / 'index.html'}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
