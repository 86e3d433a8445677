"""What a study's report says of how it was made: question, method, how to repeat it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minas.analysis.cells import Cell, domains_of
from minas.analysis.claims_over_lambda import functionals_of
from minas.analysis.floors import Rule
from minas.analysis.study import StudyAnalysis
from minas.reporting.markdown import table

SOURCES = {
    "baselines": "hand-designed networks",
    "random": "drawn at random from the task's search space",
    "front": "members of the front of an earlier search",
}


def question() -> str:
    """Return the question."""
    return (
        "## Question\n\n"
        "It is said of the paper arXiv 2604.24805 that a network's topology decides how much internal energy it "
        "needs, and that "
        "the way of training it can't change that fundamentally. Yet the paper's own sweep moves the energy by orders of "
        "magnitude through the weight of the energy in the loss. How much of the least action that networks reach hangs on "
        "their architecture, and how much on the strategy by which they are trained?"
    )


def method(analysis: StudyAnalysis, cells: Sequence[Cell], design: Mapping[str, Any]) -> str:
    """Return the method: factors and sizes, what lambda means, how floors are chosen and the rule."""
    rule = analysis.ceiling.rule
    parts = [
        "## Method",
        _factors(cells, design),
        _families(analysis, design),
        _lambda(design),
        _measured(design),
        _floors(rule),
        _rule(rule),
        _statistics(),
    ]
    return "\n\n".join(part for part in parts if part)


def _factors(cells: Sequence[Cell], design: Mapping[str, Any]) -> str:
    weights = sorted({cell.lambda_ for cell in cells})
    levels = [
        ("domain", domains_of(cells)),
        ("family", _different(cell.family for cell in cells)),
        ("architecture, within family and domain", [str(len({cell.architecture for cell in cells}))]),
        ("lambda", [f"{weight:g}" for weight in weights]),
        ("functional in the loss", [name.replace("_", " ") for name in functionals_of(cells)] or ["none"]),
        ("strategy", [_strategy(name, design) for name in _different(cell.strategy for cell in cells)]),
        ("seed", [str(len({cell.seed for cell in cells}))]),
    ]
    every = int(design.get("design", {}).get("fraction", 1))
    how = "Each combination is a cell: one network, trained once."
    if every > 1:
        how = (
            f"One in {every} combinations of architecture, functional, strategy and seed is trained, with all its lambdas; "
            "each cell is one network, trained once."
        )
    return how + "\n\n" + table(("factor", "levels"), [(name, ", ".join(values)) for name, values in levels])


def _different(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _strategy(name: str, design: Mapping[str, Any]) -> str:
    """Return a strategy's name with what the design says of it."""
    own: Mapping[str, Any] = next(
        (one for one in design.get("design", {}).get("strategies", ()) if one.get("name") == name), {}
    )
    said = {
        "optimizer": "{}",
        "learning_rate": "learning rate {:g}",
        "learning_rate_times": "{:g} times the task's learning rate",
        "weight_decay": "weight decay {:g}",
        "epochs_times": "{:g} times the task's epochs",
    }
    details = [words.format(own[key]) for key, words in said.items() if own.get(key) is not None and own[key] != 1]
    return f"{name} ({', '.join(details)})" if details else name


def _families(analysis: StudyAnalysis, design: Mapping[str, Any]) -> str:
    headers = ["domain", "family", "architectures", "cells complete"]
    rows = [[row.domain, row.family, f"{row.architectures}", f"{row.complete} of {row.cells}"] for row in analysis.counted]
    sources = [SOURCES.get(source_of(row.family, row.domain, design), "") for row in analysis.counted]
    if any(sources):
        headers.append("source")
        rows = [[*row, source] for row, source in zip(rows, sources, strict=True)]
    return (
        "A network for text can't run on images, so architectures aren't crossed with domains: they are nested in families, "
        "and a family is tested against how its own architectures differ.\n\n" + table(headers, rows)
    )


def source_of(family: str, domain: str, design: Mapping[str, Any]) -> str:
    """Return where a family's architectures come from, as the design calls it, or "" where it doesn't say."""
    plan: Mapping[str, Any] = design.get("design", {})
    task: Mapping[str, Any] = next(
        (one for one in plan.get("tasks", ()) if (one.get("name") or one.get("domain")) == domain), {}
    )
    families = task.get("families") or plan.get("families", {})
    return str(families.get(family, {}).get("source", ""))


def _lambda(design: Mapping[str, Any]) -> str:
    scales = {
        "relative": (
            "Lambda is relative: 1 gives the functional the size of the cross-entropy when training begins, for every "
            "architecture, domain and functional alike (the absolute weight is lambda times the cross-entropy at "
            "initialisation over the functional at initialisation). "
        ),
        "absolute": (
            "Lambda is absolute, the same for all, so that it means more for an architecture whose functional is large. "
        ),
    }
    said = scales.get(design.get("design", {}).get("lambda_scale", ""), "")
    return f"Loss: cross-entropy + lambda times the functional. {said}Each lambda is read as a level, not as a number."


def _measured(design: Mapping[str, Any]) -> str:
    targets = [
        f"{task.get('name') or task.get('domain')} {100 * float(task['target_error']):g}%"
        for task in design.get("design", {}).get("tasks", ())
        if task.get("target_error")
    ]
    fixed = f" Epochs and training MACs are counted to a fixed validation error: {', '.join(targets)}." if targets else ""
    lengths = [
        f"{task.get('name') or task.get('domain')} {task['epochs']}"
        for task in design.get("design", {}).get("tasks", ())
        if task.get("epochs")
    ]
    brief = f"Epochs of training: {', '.join(lengths)}. " if lengths else ""
    return brief + (
        "Error, action and what stands beside them are measured after training, on validation samples; the error also on test "
        "samples, as they are and distorted. The action is the sum, over a network's steps, of half the squared "
        "change of state "
        "(kinetic) and half the squared norm of the map applied (potential). FLOPs are multiply-accumulates." + fixed
    )


def _floors(rule: Rule) -> str:
    return (
        "An architecture's energy floor is the least action that any strategy reaches with "
        f"{rule.functional.replace('_', ' ')} in the loss, at most {rule.points:g} percentage "
        f"{'point' if rule.points == 1 else 'points'} of error above the architecture's own best (and, beside it, "
        f"above a common "
        f"target: the {rule.target_quantile:.0%} quantile of the architectures' bests). A minimum over noisy values "
        f"is too low, "
        "so half of the seeds choose lambda and strategy, and the action is read on the other half, both ways. Lambda is no "
        "strategy: along each strategy's path the best one is taken."
    )


def _rule(rule: Rule) -> str:
    return (
        "**The rule, fixed in the code before any study was run.** The variance of those readings of log action is shared out "
        "between architecture, strategy, how a strategy suits an architecture, and seeds, with log FLOPs and log activations "
        f"taken out. The claim is supported where the {rule.level:.0%} interval of architecture's share lies above "
        f"{rule.threshold:g}, refuted where it lies below, and not decided else. A permutation test within bands of "
        f"FLOPs, and "
        "the same with size left in, stand beside it."
    )


def _statistics() -> str:
    return (
        "Tables of variance are of type II (III, and the same of ranks, in effects.csv), with intervals by inverting the "
        "noncentral F. Differences have 95% intervals by Student's t over architectures. Where several tests ask the "
        "same, p is "
        "corrected by Holm's method. A claim beside the ceiling holds where the interval lies on the claimed side of "
        "0 and the "
        "corrected p is below .05, the opposite is true where it lies on the other side likewise, and else it is not decided."
    )


def repeating(design: Mapping[str, Any]) -> str:
    """Return how to repeat the study and its analysis, and with what it was made."""
    lines = [
        "## How to repeat it",
        "`study.toml` beside this report holds the whole design, every default written out.",
        "```\nminas study study.toml\nminas study analyse FOLDER\n```",
        "The first trains the plan anew; the second works out tables, plots and this report from a folder's `run.db`.",
    ]
    versions = design.get("versions", {})
    if versions:
        lines.append(f"Made with {', '.join(f'{name} {version}' for name, version in versions.items())}.")
    tasks = [
        f"{level}: {task['task']}, {' + '.join(f'{count:,}' for count in task['samples'])} samples to train, validate and test"
        for level, task in design.get("tasks", {}).items()
        if "task" in task and "samples" in task
    ]
    if tasks:
        lines.append("\n".join(f"- {task}" for task in tasks))
    return "\n\n".join(lines)
