"""The search field."""

from html import escape


def search_form(words: str = "") -> str:
    """Return the form, with what was searched for."""
    return (
        '<form action="/search">'
        f'<input type="search" name="q" aria-label="Search titles" value="{escape(words)}">'
        "<button>Search</button></form>"
    )
