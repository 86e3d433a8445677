"""What `minas pick` says of a choice, in words and as JSON values."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from minas.analysis.pick import Pick, explain, word
from minas.analysis.quantities import show
from minas.api.tables import finite, front_values, varies

if TYPE_CHECKING:
    from minas.analysis.confirmation import Interval
    from minas.api.front import Member
    from minas.api.run import Run


def pick_values(run: Run, choice: Pick) -> dict[str, Any]:
    """Return a choice as JSON values; `figures` are what the chosen member was judged by, `confirmed` says whose they are."""
    rows = {row["id"]: row for row in front_values(run)["members"]}
    return {
        "schema": 1,
        "run": run.name,
        "limits": dict(choice.limits),
        "by": choice.by,
        "within": choice.within,
        "chosen": None if choice.chosen is None else rows[choice.chosen.id],
        "confirmed": choice.chosen is not None and choice.chosen.key in choice.confirmed,
        "figures": None if choice.chosen is None else finite(choice.figures[choice.chosen.key]),
        "sure": choice.sure,
        "seeds": choice.seeds,
        "left_out": [
            {
                "id": left.member.id,
                "confirmed": left.member.key in choice.confirmed,
                "exceeds": [{"measure": e.measure, "limit": e.limit, "value": e.value} for e in left.excesses],
            }
            for left in choice.left_out
        ],
    }


def pick_words(run: Run, choice: Pick) -> str:
    """Return a choice in words, and what to do with it."""
    lines = [explain(choice, trained=run.of_networks)]
    if choice.chosen is not None and run.of_networks:
        lines += _on_test(run.front.by_key[choice.chosen.key], choice)
        lines.append(f"next: minas export {shlex.quote(str(run.path))} {choice.chosen.id} DIR")
    return "\n".join(lines)


def _on_test(member: Member, choice: Pick) -> list[str]:
    """Return what the test samples say of the chosen member; they had no part in the choice."""
    test = member.test
    if test is None:
        return []
    names = [name for name in dict.fromkeys(["error", *choice.limits, choice.by]) if name in test and varies(name)]
    listed = ", ".join(f"{word(name)} {_interval(test[name])}" for name in names)
    return [f"On the test samples: {listed}."] if listed else []


def _interval(found: Interval) -> str:
    if found.low is None or found.high is None:
        return f"{show(found.mean)} (one seed)"
    return f"{show(found.mean)} (95% interval {show(found.low)} to {show(found.high)}, {found.seeds} seeds)"
