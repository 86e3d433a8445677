"""What a sum of products in Einstein's notation costs, operand pair by operand pair, as torch contracts it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from math import prod

Labels = tuple[str, ...]
Sizes = dict[str, int]


def contraction_costs(equation: str, shapes: Sequence[Sequence[int]], path: Sequence[int] = ()) -> tuple[int, int]:
    """Return the multiply-accumulates and output elements of `torch.einsum`.

    Operands are contracted in pairs. Labels that only one of a pair bears, and nothing else needs, are summed first.
    A pair without a label to sum over is a pointwise product, and costs nothing, as everywhere else.

    Args:
        equation: such as `"bij,bjk->bik"`; with an ellipsis, and without an arrow, as torch takes them.
        shapes: one shape an operand.
        path: positions of the operands to contract next, two by two, as torch records them; from left to right if empty.
    """
    terms, output = _labelled(equation, [len(shape) for shape in shapes])
    pending = [dict(zip(labels, shape, strict=True)) for labels, shape in zip(terms, shapes, strict=True)]
    steps = list(path)
    flops = elements = 0
    while len(pending) > 1:
        pair = sorted((steps.pop(0), steps.pop(0))) if len(steps) > 1 else [0, 1]
        right, left = pending.pop(pair[1]), pending.pop(pair[0])
        needed = set(output).union(*pending)
        joined = _joined(left, right, needed)
        result = {label: size for label, size in joined.items() if label in needed}
        if len(result) < len(joined):
            flops += prod(joined.values())
            elements += prod(result.values())
        # Along a path, torch puts each result behind the others; without one it goes on with it from the left.
        pending.insert(len(pending) if path else 0, result)
    return flops, elements


def _joined(left: Sizes, right: Sizes, needed: Container[str]) -> Sizes:
    """Return the labels, with sizes, over which two operands are multiplied; the rest has been summed before."""
    return {
        label: max(left.get(label, 1), right.get(label, 1))
        for label in left | right
        if label in needed or (label in left and label in right)
    }


def _labelled(equation: str, dimensions: Sequence[int]) -> tuple[list[Labels], Labels]:
    """Return each operand's labels and the output's, with an ellipsis spelled out as numbers, counted from the right."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    parts = left.split(",")
    named = [len(part.replace("...", "")) for part in parts]
    free = [rank - names if "..." in part else 0 for part, rank, names in zip(parts, dimensions, named, strict=True)]
    terms = [_spelled(part, count) for part, count in zip(parts, free, strict=True)]
    if arrow:
        return terms, _spelled(right, max(free, default=0))
    letters = left.replace(",", "").replace("...", "")
    return terms, (*_ellipsis(max(free, default=0)), *sorted(name for name in set(letters) if letters.count(name) == 1))


def _spelled(part: str, count: int) -> Labels:
    before, dots, after = part.partition("...")
    return (*before, *(_ellipsis(count) if dots else ()), *after)


def _ellipsis(count: int) -> Labels:
    return tuple(str(place) for place in range(count, 0, -1))
