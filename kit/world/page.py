"""A web page, as a notebook shows it: the answer, and what a reader would see."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Self

import httpx

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
        """Take what a reader would see from an answer."""
        body = re.sub(r"(?s)<(head|style|script)\b.*?</\1>", "", response.text)
        lines = (html.unescape(re.sub(r"<[^>]+>", "", line)).strip() for line in body.splitlines())
        return cls(site=site, status=response.status_code, text="\n".join(line for line in lines if line))

    def __repr__(self) -> str:
        """Show the status and the first lines."""
        reason = httpx.codes.get_reason_phrase(self.status)
        lines = [f"  {line}" for line in self.text.splitlines()[:_LINES]]
        return "\n".join([f"{self.site}: {self.status} {reason}", *lines])
