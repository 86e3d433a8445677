"""What `minas pick` says of a choice, in words and as JSON values."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from minas.analysis.pick import Pick, explain

if TYPE_CHECKING:
    from minas.api.run import Run


def pick_values(run: Run, choice: Pick) -> dict[str, Any]:
    """Return a choice as JSON values."""
    from minas.api.tables import front_values

    rows = {row["id"]: row for row in front_values(run)["members"]}
    return {
        "schema": 1,
        "run": run.name,
        "limits": dict(choice.limits),
        "by": choice.by,
        "within": choice.within,
        "chosen": None if choice.chosen is None else rows[choice.chosen.id],
        "sure": choice.sure,
        "seeds": choice.seeds,
        "left_out": [
            {
                "id": left.member.id,
                "exceeds": [{"measure": e.measure, "limit": e.limit, "value": e.value} for e in left.excesses],
            }
            for left in choice.left_out
        ],
    }


def pick_words(run: Run, choice: Pick) -> str:
    """Return a choice in words, and what to do with it."""
    text = explain(choice)
    if choice.chosen is not None:
        text += f"\nnext: minas export {shlex.quote(str(run.path))} {choice.chosen.id} DIR"
    return text
