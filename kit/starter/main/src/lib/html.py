"""The frame around every page."""

from html import escape


def layout(title: str, body: str) -> str:
    """Put `body`, which is HTML, into a whole page; `title` is plain text."""
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{escape(title)}</title></head>
<body>
<h1>{escape(title)}</h1>
{body}
</body>
</html>
"""
