from __future__ import annotations

from typing import Any

import pytest

from kit.errors import BadInput
from kit.experiments.rehearsal import Plan


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"change": "split"}, "Choose one of: add, drop, rename."),
        ({"order": "contract"}, "Choose one of: code-first, schema-first, together, expand-contract."),
        ({"order": "expand-contract", "wait": 3.0}, "Leave --wait out, or use --order code-first."),
        ({"build": 0.0}, "Give a number from 0.1 to 3600."),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(plan: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput) as refused:
        Plan(**plan)
    assert refused.value.remedy == says
