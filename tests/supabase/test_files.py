from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import BadInput, HistoryDiverged, OutOfOrder
from kit.names import EPOCH
from kit.supabase import find_pending, list_migrations, parse_name
from kit.supabase.files import choose_pending, find_configured, find_project, new_path


def make(folder: Path, *names: str) -> Path:
    migrations = folder / "supabase" / "migrations"
    migrations.mkdir(parents=True, exist_ok=True)
    for name in names:
        (migrations / name).write_text("SELECT 1")
    return folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20250126153000_add_x.sql", ("20250126153000", "add_x")),
        ("070_a.sql", ("070", "a")),
        ("1_.sql", ("1", "")),
        ("1_a.sql.sql", ("1", "a.sql")),
        ("1-a.sql", None),
        ("_a.sql", None),
        ("a_1.sql", None),
        ("1_a.SQL", None),
        ("1_a.sql\n", None),
        ("\u0661_a.sql", None),
        ("1_a\nb.sql", None),
    ],
)
def test_reads_version_and_name_of_a_file(name: str, expected: tuple[str, str] | None) -> None:
    file = parse_name(Path(name))
    assert (None if file is None else (file.version, file.name)) == expected


def test_lists_in_the_order_of_versions_as_text(tmp_path: Path) -> None:
    make(tmp_path, "9_a.sql", "070_b.sql", "20250126153000_c.sql", "notes.md")
    (tmp_path / "supabase" / "migrations" / "8_folder.sql").mkdir()
    listing = list_migrations(tmp_path)
    assert [file.version for file in listing.files] == ["070", "20250126153000", "9"]
    assert listing.skipped == (
        'Skipping migration notes.md... (file name must match pattern "<timestamp>_name.sql")',
    )


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert list_migrations(tmp_path).files == ()


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "supabase").mkdir()
    (tmp_path / "supabase" / "migrations").write_text("")
    with pytest.raises(BadInput, match="supabase/migrations"):
        list_migrations(tmp_path)


def test_finds_the_project_from_a_folder_below(tmp_path: Path) -> None:
    make(tmp_path)
    deep = tmp_path / "src" / "app"
    deep.mkdir(parents=True)
    assert find_project(deep) == tmp_path.resolve()


def test_does_not_look_beyond_the_repository(tmp_path: Path) -> None:
    make(tmp_path)
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "src").mkdir()
    assert find_project(repository / "src") == (repository / "src").resolve()


def test_pending_is_what_the_database_lacks() -> None:
    assert find_pending(["2", "1", "3"], ["1"]) == ("2", "3")
    assert find_pending(["1"], ["1"]) == ()
    assert find_pending([], []) == ()


def test_a_version_that_the_folder_lacks_is_told_first() -> None:
    with pytest.raises(HistoryDiverged) as failure:
        find_pending(["1", "4"], ["2", "3"])
    assert failure.value.details["versions"] == ("2", "3")


def test_an_older_version_is_out_of_order() -> None:
    with pytest.raises(OutOfOrder) as failure:
        find_pending(["1", "2", "3", "4"], ["1", "3"])
    assert failure.value.details["versions"] == ("2",)
    assert find_pending(["1", "2", "3", "4"], ["1", "3"], include_all=True) == ("2", "4")


def test_071_comes_before_a_date() -> None:
    with pytest.raises(OutOfOrder):
        find_pending(["070", "071", "20250126153000"], ["070", "20250126153000"])


VERSIONS = st.sets(st.text("0123456789", min_size=1, max_size=4))


@given(VERSIONS, VERSIONS)
def test_all_that_is_missing_is_found_once(local: set[str], remote: set[str]) -> None:
    if remote - local:
        with pytest.raises(HistoryDiverged):
            find_pending(list(local), sorted(remote), include_all=True)
    else:
        pending = find_pending(list(local), sorted(remote), include_all=True)
        assert sorted(pending) == sorted(local - remote)


@given(VERSIONS, VERSIONS)
def test_without_include_all_only_what_is_newer(local: set[str], remote: set[str]) -> None:
    local |= remote
    newest = max(remote, default="")
    if any(version < newest for version in local - remote):
        with pytest.raises(OutOfOrder):
            find_pending(list(local), sorted(remote))
    else:
        assert list(find_pending(list(local), sorted(remote))) == sorted(local - remote)


def test_of_two_files_of_one_version_the_second_is_pending(tmp_path: Path) -> None:
    files = list_migrations(make(tmp_path, "1_a.sql", "1_b.sql")).files
    assert [file.name for file in choose_pending(files, ["1"])] == ["b"]


def test_a_new_file_has_the_workflows_name(tmp_path: Path) -> None:
    path = new_path(tmp_path, "add_document_last_viewed", EPOCH)
    assert path.relative_to(tmp_path) == Path(
        "supabase/migrations/20250126153000_add_document_last_viewed.sql"
    )


def test_two_files_of_one_second_get_two_versions(tmp_path: Path) -> None:
    make(tmp_path, "20250126153000_a.sql", "20250126153001_b.sql")
    assert new_path(tmp_path, "c", EPOCH).name == "20250126153002_c.sql"
    assert new_path(tmp_path, "c", EPOCH + timedelta(days=1)).name == "20250127153000_c.sql"


@pytest.mark.parametrize("name", ["../../x", "../../../x", "a/../../../x"])
def test_a_name_does_not_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="escape"):
        new_path(tmp_path, f"/../{name}", EPOCH)


def test_a_project_without_a_configuration_is_found_in_its_own_folder_alone(tmp_path: Path) -> None:
    below = tmp_path / "supabase" / "migrations"
    below.mkdir(parents=True)
    assert find_configured(below) == below
    assert find_configured(tmp_path) == tmp_path

    (tmp_path / "supabase" / "config.toml").touch()
    assert find_configured(below) == tmp_path

    (below / ".git").mkdir()
    assert find_configured(below) == below
