"""Open one world in a process of its own, say how long it took, and hold it while asked for its memory.

Prints a line of JSON when the world is open, and one more for each line on stdin; at the
end of stdin the world is closed.

Usage: python -m benchmarks.one_world [--own] [--deploy]
"""

from __future__ import annotations

import json
import os
import sys
import time

import psutil

from kit import World, open_world
from kit.names import FEATURE

PHASE = 5


def prepare(world: World) -> None:
    """Have all ready for the push, and 20 page views a second."""
    world.dev.run(f"git checkout -q main && git merge -q {FEATURE} --no-edit")
    world.visitors(rate=20)


def deploy(world: World) -> None:
    """Run the workflow's 38 seconds: code live at 35, schema at 38."""
    world.dev.run("git push origin main")
    world.advance(36)
    world.dev.run("npx supabase db push --yes")


def find_processes(folder: str) -> list[psutil.Process]:
    """Return this process, those that name the world's folder or work in it, and all their children."""
    found = {os.getpid(): psutil.Process()}
    for process in psutil.process_iter(["cmdline", "cwd"]):
        facts = process.info
        if any(folder in word for word in facts["cmdline"] or ()) or (facts["cwd"] or "").startswith(folder):
            found[process.pid] = process
            found |= {child.pid: child for child in process.children(recursive=True)}
    return list(found.values())


def measure_memory(folder: str) -> dict[str, float]:
    """Return the megabytes of each process of a world by its name; what they share is counted once."""
    sizes: dict[str, float] = {}
    for process in find_processes(folder):
        try:
            facts, words = process.memory_full_info(), process.cmdline()
        except psutil.Error:
            continue  # it has ended meanwhile
        size = getattr(facts, "pss", None) or facts.uss
        name = "Python" if process.pid == os.getpid() else _name(words)
        sizes[name] = round(sizes.get(name, 0.0) + size / 2**20, 1)
    return sizes


def _name(words: list[str]) -> str:
    line = " ".join(words)
    known = {"postgres": "PostgreSQL", "_reaper": "reaper", "_router": "router", "worker": "worker"}
    return next((name for word, name in known.items() if word in line), "apps")


def main() -> None:
    """Open the world, then answer."""
    began = time.perf_counter()
    world = open_world(phase=PHASE, scratch="--own" not in sys.argv)
    print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)
    if "--deploy" in sys.argv:
        prepare(world)
        deploy(world)
        world.advance(20)  # until what is live no more has ended
    for _ in sys.stdin:
        print(json.dumps(measure_memory(str(world.engine.folder))), flush=True)
    world.close()


if __name__ == "__main__":
    main()
