"""Moments in words."""

from datetime import datetime

from lib.request import request_time

STEPS = ((60, "minute"), (3600, "hour"))
DAY = 86400


def moment(when: datetime) -> str:
    """Return a moment as HTML: "5 minutes ago" within the last day, else its date."""
    return f'<time datetime="{when.isoformat()}">{_words(when)}</time>'


def _words(when: datetime) -> str:
    ago = (request_time() - when).total_seconds()
    if not 0 <= ago < DAY:
        return f"{when.day} {when:%B %Y}"
    for seconds, unit in reversed(STEPS):
        if count := int(ago // seconds):
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
