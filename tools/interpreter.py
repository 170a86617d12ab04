"""Say whether this Python can run the kit; `make` asks each that it finds, before it makes .venv.

Exit code 0: it can. 1: it cannot, and the last line that is printed says why.
"""

from __future__ import annotations

import importlib.util
import platform
import sys
import sysconfig

OLDEST, TOO_NEW = (3, 11), (3, 15)
"""As pyproject.toml's `requires-python` has it."""
_MACHINES = {"x86_64", "amd64", "aarch64", "arm64"}


def find_fault() -> str:
    """Return what is wrong with this Python, "" for nothing."""
    version, kind, machine = platform.python_version(), platform.python_implementation(), platform.machine()
    is_musl = sys.platform.startswith("linux") and platform.libc_ver()[0] != "glibc"
    can_make_venv = all(importlib.util.find_spec(name) for name in ("ensurepip", "venv"))
    faults = (
        (sys.version_info[:2] < OLDEST, f"{version} is too old"),
        (sys.version_info[:2] >= TOO_NEW, f"{version} is too new: there are no wheels yet"),
        (kind != "CPython", f"{kind}: there are wheels for CPython only"),
        (sysconfig.get_config_var("Py_GIL_DISABLED"), f"{version} is free-threaded: there are no wheels"),
        (
            is_musl,
            "made for musl (Alpine): there are wheels for glibc only; take an image of Debian's or Fedora's",
        ),
        (
            machine.lower() not in _MACHINES or sys.maxsize < 2**32,
            f"made for {machine}, {sys.maxsize.bit_length() + 1} bits: there are no wheels",
        ),
        (
            not can_make_venv,
            f"{version} has no venv module (Debian and Ubuntu: sudo apt install python3-venv)",
        ),
    )
    return next((words for is_so, words in faults if is_so), "")


if __name__ == "__main__":
    fault = find_fault()
    print(fault or f"{platform.python_version()} fits")
    sys.exit(bool(fault))
