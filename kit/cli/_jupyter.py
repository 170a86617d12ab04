"""Become a Jupyter program, a second sooner and 16 MB smaller than `python -m PROGRAM`.

jsonschema, with which Jupyter's server validates its own events, imports rfc3987-syntax if that is there,
and this compiles 38 grammars for IRIs, for which no schema of Jupyter's has a use. Where that package
cannot be imported, jsonschema does without. (Its maintainers know: "Lazy import `rfc3987_syntax`".)

Usage: python -P _jupyter.py PROGRAM [ARGUMENT...]
"""

from __future__ import annotations

import runpy
import sys
from types import ModuleType


def main() -> None:
    """Run the program's module, as `python -m` does."""
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]  # None is Python's own word for it
    modules["rfc3987_syntax"] = None
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
