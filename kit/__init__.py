"""The broken-window kit: learn, by running it, when a deploy of code and schema breaks production."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

# The names are listed in __init__.pyi, for type checkers too. Each is imported when it is first used
# (PEP 562): `python -m kit --help` loads neither the world nor Jupyter.
_MODULES = {
    alias.name: f"{__name__}.{node.module}"
    for node in ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}
__all__ = sorted(_MODULES)  # noqa: PLE0605 - it is a list of strings


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(_MODULES[name])
    except ModuleNotFoundError as error:
        from kit.errors import explain_missing  # noqa: PLC0415 - seldom needed

        raise explain_missing(error) from error
    return getattr(module, name)


def __dir__() -> list[str]:
    return __all__
