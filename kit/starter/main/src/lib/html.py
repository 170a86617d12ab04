"""The frame around every page."""

from html import escape
from pathlib import Path

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")

BEGINNING = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>
{STYLE}</style>
"""
HEADER = """</head>
<body>
<header>
<a class="skip" href="#page">Skip to the page</a>
<a class="brand" href="/">Rhizome</a>
<nav aria-label="Pages"><a href="/">Library</a></nav>
</header>
"""
END = """
</main>
<footer>Rhizome, a reader for your documents</footer>
</body>
</html>
"""


def layout(title: str, body: str) -> str:
    """Put `body`, which is HTML, into a whole page; `title` is plain text."""
    name = escape(title)
    main = f'<main id="page">\n<h1>{name}</h1>\n{body}'
    return f"{BEGINNING}<title>{name} · Rhizome</title>\n{HEADER}{main}{END}"
