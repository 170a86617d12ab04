"""What a site answers: a page as a reader sees it, and the forms that an open tab holds."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

import httpx

from kit.draw import INKS, draw_element

_LINES = 4


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer to one visit.

    Attributes:
        site: where.
        status: the HTTP status.
        text: what a reader sees, without the tags.
    """

    site: str
    status: int
    text: str

    @classmethod
    def read(cls, site: str, response: httpx.Response) -> Self:
        """Take what a reader would see from an answer, without what is around every page of the site."""
        body = re.sub(r"(?s)<(head|style|script|header|footer)\b.*?</\1>", "", response.text)
        lines = (html.unescape(re.sub(r"<[^>]+>", "", line)).strip() for line in body.splitlines())
        return cls(site=site, status=response.status_code, text="\n".join(line for line in lines if line))

    def __repr__(self) -> str:
        """Show the status and the first lines."""
        reason = httpx.codes.get_reason_phrase(self.status)
        lines = [f"  {line}" for line in self.text.splitlines()[:_LINES]]
        return "\n".join([f"{self.site}: {self.status} {reason}", *lines])

    def _repr_html_(self) -> str:
        """Show the same in a frame, as a browser would; the edge of one that failed is double."""
        failed = self.status >= httpx.codes.INTERNAL_SERVER_ERROR
        edge = f"6px double {INKS['bad']}" if failed else f"1px solid {INKS['line']}"
        said = f" {self.status} {httpx.codes.get_reason_phrase(self.status)}"
        head = draw_element(
            "div",
            draw_element("strong", self.site),
            said,
            style=f"padding:2px 10px;border-bottom:1px solid {INKS['line']}",
        )
        lines = [draw_element("div", line) for line in self.text.splitlines()[:_LINES]]
        body = draw_element("div", *lines, style="padding:6px 10px")
        return draw_element("div", head, body, style=f"border:{edge};border-radius:6px;max-width:44em")


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of a page: what its button does, as the deployment that served it had it.

    Attributes:
        action: the path that it posts to.
        fields: what it posts.
        button: the text on its button.
    """

    action: str
    fields: Mapping[str, str] = field(default_factory=dict)
    button: str = ""


def find_forms(page: str) -> tuple[Form, ...]:
    """Return the forms of a page that post something."""
    parser = _Forms()
    parser.feed(page)
    return tuple(parser.found)


class _Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._action: str | None = None
        self._fields: dict[str, str] = {}
        self._button: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self._action, self._fields, self._button = given.get("action", ""), {}, None
        elif self._action is not None and tag == "input" and "name" in given:
            self._fields[given["name"]] = given.get("value", "")
        elif self._action is not None and tag == "button":
            self._button = []

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._action is not None:
            button = " ".join("".join(self._button or []).split())
            self.found.append(Form(action=self._action, fields=dict(self._fields), button=button))
            self._action, self._button = None, None
