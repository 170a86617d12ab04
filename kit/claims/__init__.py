"""The ledger: what the workflow's document says, what really happens, and the cell that proves it."""

from __future__ import annotations

from kit.claims.ledger import TAG, Proof, draw_ledger, find_faults, find_proofs, write_ledger
from kit.claims.workflow import CLAIMS, Claim

__all__ = ["CLAIMS", "TAG", "Claim", "Proof", "draw_ledger", "find_faults", "find_proofs", "write_ledger"]
