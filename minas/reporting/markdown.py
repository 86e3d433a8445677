"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; a column of numbers, as all of its cells tell, stands to the right."""
    columns = [[row[place] for row in rows] for place in range(len(headers))]
    right = [any(column) and all(map(_number, column)) for column in columns]
    rule = ["--:" if side else "---" for side in right]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in (headers, rule, *rows))


def _number(text: str) -> bool:
    return text in ("", "n/a") or text.lstrip("+-<> .")[:1].isdigit()
