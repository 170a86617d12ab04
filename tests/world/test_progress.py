from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kit.errors import UnusableFolder
from kit.world.home import progress_file, recall, remember


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_HOME", str(tmp_path))


def test_nothing_is_remembered_at_first() -> None:
    assert recall("prediction") == ()


def test_entries_come_back_in_order_by_kind() -> None:
    remember("prediction", {"number": 1, "text": "é\n"})
    remember("exercise", {"number": 2})
    remember("prediction", {"number": 3})
    assert [entry["number"] for entry in recall("prediction")] == [1, 3]
    assert recall("prediction")[0]["text"] == "é\n"


def test_a_line_that_cannot_be_read_is_passed_over() -> None:
    remember("prediction", {"number": 1})
    with progress_file().open("ab") as file:
        file.write(b'{"kind": "pred\n\xff\n[1]\n')
    remember("prediction", {"number": 2})
    assert [entry["number"] for entry in recall("prediction")] == [1, 2]


def test_writers_at_the_same_time_do_not_mix_their_lines() -> None:
    def write(name: int) -> None:
        for number in range(50):
            remember("prediction", {"name": name, "number": number, "text": "x" * 500})

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recall("prediction")) == 200


def test_an_entry_after_a_line_that_was_cut_off_is_kept() -> None:
    remember("prediction", {"number": 1})
    with progress_file().open("ab") as file:
        file.write(b'{"kind": "prediction", "num')
    remember("prediction", {"number": 2})
    assert [entry["number"] for entry in recall("prediction")] == [1, 2]


def test_text_with_odd_line_separators_comes_back() -> None:
    remember("prediction", {"text": "a\u2028b\x85c"})
    assert recall("prediction")[0]["text"] == "a\u2028b\x85c"


def test_a_file_that_cannot_be_used_says_so() -> None:
    progress_file().mkdir()
    with pytest.raises(UnusableFolder, match="your progress cannot be used"):
        remember("prediction", {})
    with pytest.raises(UnusableFolder, match="your progress cannot be used"):
        recall("prediction")
