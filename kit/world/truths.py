"""What can be true of a world: one pure question a sentence of the workflow."""

from __future__ import annotations

from kit.names import FEATURE, HOMEPAGE, VERSION
from kit.timeline import CommandRan, PageView, RefMoved, broken_windows, last_push
from kit.world.snapshot import CommitSeen, Snapshot

_COLUMN = "last_viewed"
_WINDOW_S = 3.0


def _dev_branch(seen: Snapshot, name: str) -> CommitSeen:
    return seen.commit(seen.repositories.clones["dev"].branches.get(name, ""))


def _github(seen: Snapshot, name: str) -> CommitSeen:
    return seen.commit(seen.repositories.github.get(name, ""))


def _live(seen: Snapshot) -> CommitSeen:
    return seen.commit(seen.live)


# Phase 1


def docs_committed(seen: Snapshot) -> bool:  # noqa: D103 - each function's sentence stands in workflow.py
    return _dev_branch(seen, HOMEPAGE).documented and not seen.repositories.clones["dev"].changed


def docs_local_only(seen: Snapshot) -> bool:  # noqa: D103
    return not any(seen.commit(commit).documented for commit in seen.repositories.github.values())


def docs_not_on_main(seen: Snapshot) -> bool:  # noqa: D103
    return not _dev_branch(seen, "main").documented


def branched_from_homepage(seen: Snapshot) -> bool:  # noqa: D103
    dev = seen.repositories.clones["dev"]
    return dev.branch == FEATURE and dev.head == dev.branches.get(HOMEPAGE)


def starts_clean(seen: Snapshot) -> bool:  # noqa: D103
    return not seen.repositories.clones["dev"].changed and _dev_branch(seen, FEATURE).documented


def same_migrations(seen: Snapshot) -> bool:  # noqa: D103
    return _dev_branch(seen, FEATURE).migrations == _dev_branch(seen, HOMEPAGE).migrations


def feature_branch_exists(seen: Snapshot) -> bool:  # noqa: D103
    return FEATURE in seen.repositories.clones["dev"].branches


# Phase 2


def no_local_column(seen: Snapshot) -> bool:  # noqa: D103
    return _COLUMN not in seen.local.columns


def no_cloud_column(seen: Snapshot) -> bool:  # noqa: D103
    return _COLUMN not in seen.cloud.columns


def local_column(seen: Snapshot) -> bool:  # noqa: D103
    return _COLUMN in seen.local.columns


def cloud_column(seen: Snapshot) -> bool:  # noqa: D103
    return _COLUMN in seen.cloud.columns and VERSION in seen.cloud.versions


def no_changes_found(seen: Snapshot) -> bool:  # noqa: D103
    return "No schema changes found" in seen.output


def no_new_file(seen: Snapshot) -> bool:  # noqa: D103
    return not _files(seen)


def new_file(seen: Snapshot) -> bool:  # noqa: D103
    return _files(seen) == [f"{VERSION}_add_document_last_viewed.sql"]


def _files(seen: Snapshot) -> list[str]:
    return [name for name in seen.repositories.clones["dev"].migrations if "last_viewed" in name]


def applied_locally(seen: Snapshot) -> bool:  # noqa: D103
    return local_column(seen) and VERSION in seen.local.versions


# Phase 3


def code_not_committed(seen: Snapshot) -> bool:  # noqa: D103
    dev = seen.repositories.clones["dev"]
    return (
        any(path.startswith("src/") for path in dev.changed) and not seen.commit(dev.head).writes_last_viewed
    )


def dev_serves(seen: Snapshot) -> bool:  # noqa: D103
    return seen.dev_serving


def viewed_locally(seen: Snapshot) -> bool:  # noqa: D103
    return seen.local.viewed > 0


# Phase 4


def says_nothing(seen: Snapshot) -> bool:  # noqa: D103
    return not seen.output.strip() and seen.exit == 0


def migration_committed(seen: Snapshot) -> bool:  # noqa: D103
    return VERSION in _dev_branch(seen, FEATURE).versions


def code_committed(seen: Snapshot) -> bool:  # noqa: D103
    return _dev_branch(seen, FEATURE).writes_last_viewed


def feature_on_github(seen: Snapshot) -> bool:  # noqa: D103
    return _github(seen, FEATURE).writes_last_viewed and VERSION in _github(seen, FEATURE).versions


def production_unchanged(seen: Snapshot) -> bool:  # noqa: D103
    return bool(seen.live) and not _live(seen).writes_last_viewed


def preview_ready(seen: Snapshot) -> bool:  # noqa: D103
    return any(one.branch == FEATURE and one.stage == "live" for one in seen.deployments)


# Phase 5


def on_main(seen: Snapshot) -> bool:  # noqa: D103
    dev = seen.repositories.clones["dev"]
    return dev.branch == "main" and dev.head == seen.repositories.github.get("main")


def migration_on_main(seen: Snapshot) -> bool:  # noqa: D103
    return VERSION in _dev_branch(seen, "main").versions


def code_on_main(seen: Snapshot) -> bool:  # noqa: D103
    return _dev_branch(seen, "main").writes_last_viewed


def not_pushed(seen: Snapshot) -> bool:  # noqa: D103
    return not _github(seen, "main").writes_last_viewed


def pushed(seen: Snapshot) -> bool:  # noqa: D103
    return _github(seen, "main").writes_last_viewed


def production_building(seen: Snapshot) -> bool:  # noqa: D103
    newest = seen.deployments[-1:]
    return any(one.target == "production" and one.stage != "live" for one in newest) and production_unchanged(
        seen
    )


def new_code_live(seen: Snapshot) -> bool:  # noqa: D103
    return _live(seen).writes_last_viewed


def silently_losing(seen: Snapshot) -> bool:  # noqa: D103
    views = _views_since_push(seen)
    return any(view.outcome == "lost" for view in views) and all(view.status == 200 for view in views)  # noqa: PLR2004 - HTTP's OK


def window_of_three_seconds(seen: Snapshot) -> bool:  # noqa: D103
    push = last_push(seen.timeline)
    if push is None:
        return False
    windows = broken_windows(seen.timeline.since(push))
    # What visitors saw says it to within one arrival gap.
    return len(windows) == 1 and abs(windows[0].seconds - _WINDOW_S) <= _gap(seen)


def _gap(seen: Snapshot) -> float:
    """Return the seconds between two visitors since the push, 0 for fewer than two."""
    views = _views_since_push(seen)
    return (views[-1].at - views[0].at) / (len(views) - 1) if len(views) > 1 else 0.0


def views_recorded(seen: Snapshot) -> bool:  # noqa: D103
    views = seen.timeline.only(PageView)
    return bool(views) and views[-1].outcome == "ok" and seen.cloud.viewed > 0


def deployed(seen: Snapshot) -> bool:  # noqa: D103
    return new_code_live(seen) and cloud_column(seen) and pushed(seen)


def _views_since_push(seen: Snapshot) -> tuple[PageView, ...]:
    moved = [
        one.at for one in seen.timeline.only(RefMoved) if one.repository == "github" and one.branch == "main"
    ]
    return tuple(view for view in seen.timeline.only(PageView) if moved and view.at >= moved[-1])


# Phase 6


def production_clone_current(seen: Snapshot) -> bool:  # noqa: D103
    return seen.repositories.clones["production"].head == seen.repositories.github.get("main") and pushed(
        seen
    )


def worker_old(seen: Snapshot) -> bool:  # noqa: D103
    return seen.worker.running and seen.worker.commit != seen.repositories.clones["production"].head


def worker_current(seen: Snapshot) -> bool:  # noqa: D103
    return seen.worker.running and production_clone_current(seen) and not worker_old(seen)


# Phase 7


def histories_agree(seen: Snapshot) -> bool:  # noqa: D103
    files = {name.partition("_")[0] for name in seen.repositories.clones["dev"].migrations}
    return worker_current(seen) and files == set(seen.cloud.versions) == set(seen.local.versions)


def verified(seen: Snapshot) -> bool:  # noqa: D103
    looked = any("migration list --linked" in one.command for one in seen.timeline.only(CommandRan))
    return looked and histories_agree(seen)


def viewed_in_cloud(seen: Snapshot) -> bool:  # noqa: D103
    views = seen.timeline.only(PageView)
    return seen.cloud.viewed > 0 and bool(views) and views[-1].outcome == "ok"


def failed(seen: Snapshot) -> bool:  # noqa: D103
    return seen.exit != 0


def shows_views(seen: Snapshot) -> bool:  # noqa: D103
    return seen.exit == 0 and "My Test Document" in seen.output
