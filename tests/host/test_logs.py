from __future__ import annotations

import json
from pathlib import Path

from kit.host.outcome import Log

MISSING = 'column "last_viewed" of relation "documents" does not exist'
APP = {
    "level": "error",
    "message": "Failed to update last_viewed:",
    "sqlstate": "42703",
    "error": MISSING,
    "request_id": "view-1",
}
WORKER = {"event": "failed", "version": "1", "sqlstate": "42703", "error": MISSING}


def log(folder: Path, *lines: object) -> Path:
    path = folder / "a.log"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_equal_errors_are_counted_whatever_request_they_belong_to(tmp_path: Path) -> None:
    path = log(tmp_path, APP, {**APP, "request_id": "view-2"}, {"level": "error", "message": "Cold."})

    assert repr(Log.read("production", path)) == (
        f"the log of production:\n  2 times: Failed to update last_viewed: 42703 {MISSING}\n  1 time: Cold."
    )


def test_the_worker_has_its_own_words(tmp_path: Path) -> None:
    path = log(tmp_path, {"event": "started", "version": "1"}, WORKER, {"event": "completed", "error": ""})

    assert Log.read("worker", path).errors == ((f"42703 {MISSING}", 1),)


def test_what_went_well_or_is_no_json_is_left_out(tmp_path: Path) -> None:
    path = log(tmp_path, {"level": "info", "message": "Ready."}, "Traceback", "[1, 2]", "7", "")

    assert repr(Log.read("dev", path)) == "the log of dev: no errors"


def test_no_log_is_no_error(tmp_path: Path) -> None:
    assert Log.read("dev", tmp_path / "none.log").errors == ()
