"""What a run says of itself in words: its heading, the comparison with chance, its cost, what to do next."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING, Any

from minas import spaces
from minas.analysis.confirmation import no_more_error
from minas.analysis.pick import word
from minas.analysis.quantities import show
from minas.api.lines import lines_command
from minas.api.work import source_of
from minas.lines import of_domain
from minas.reporting.live import clock
from minas.trial import Status, Trial

if TYPE_CHECKING:
    from minas.api.run import Run


def heading(run: Run) -> str:
    """Return one line on what a run is."""
    facts = run.configuration.task
    return (
        f"{run.name}: {run.configuration.domain}, {facts.name} ({facts.source}); {len(run.told)} trials, "
        f"{len(run.front)} on the front, hypervolume {run.front.hypervolume:.4f}"
    )


def against_chance(run: Run) -> list[str]:
    """Return how the front compares with random architectures of the same space."""
    found = run.comparison
    if not found.random_trials:
        return []
    what = "the control" if found.source == "control" else "the initial population, sampled at random"
    lines = []
    if found.source == "control" and found.checkpoints:
        last = found.checkpoints[-1]
        lines.append(f"At {last.trials} trials: hypervolume {last.search:.4f}, of random search {last.control:.4f}.")
    if found.dominated is not None:
        lines.append(f"The front dominates {100 * found.dominated:.0f}% of {what} ({found.random_trials} architectures).")
    if found.member is not None and found.ratios:
        ratios = ", ".join(f"{show(1 / ratio)} of its {word(name)}" for name, ratio in found.ratios.items() if ratio > 0)
        lines.append(f"With no more error than the average random architecture, {found.member.id} takes {ratios}.")
    return lines


def against_baselines(run: Run) -> list[str]:
    """Return, for each baseline, the member that beats it by the most: no more test error, less action and fewer FLOPs."""
    if not run.confirmation:
        return []
    lines = []
    for name, trials in _by_name(run.baseline_trials).items():
        best = _best_against(run, trials)
        if best is None:
            lines.append(f"Against {name}: no confirmed member reaches its test error with less action and fewer FLOPs.")
        else:
            id_, action, flops = best
            lines.append(
                f"Against {name}: {id_} has no more test error, at {show(action)} of its action "
                f"and {show(flops)} of its FLOPs."
            )
    return lines


def _by_name(trials: list[Trial]) -> dict[str, list[Trial]]:
    out: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.status is Status.COMPLETE:
            out.setdefault(trial.candidate.baseline or trial.id, []).append(trial)
    return out


def _best_against(run: Run, baseline: list[Trial]) -> tuple[str, float, float] | None:
    """Return id, ratio of action and ratio of FLOPs of the member whose larger ratio is the least; both are below 1."""
    found = []
    for repeats in _by_key(run.confirmation).values():
        try:
            if not no_more_error(repeats, baseline):
                continue
        except ValueError:  # no repeat that both completed
            continue
        action, flops = (_mean(repeats, name) / _mean(baseline, name) for name in ("test_action", "flops"))
        if action < 1 and flops < 1:
            found.append((repeats[0].id, action, flops))
    return min(found, key=lambda row: (max(row[1:]), row[0]), default=None)


def _by_key(trials: list[Trial]) -> dict[str, list[Trial]]:
    out: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.status is Status.COMPLETE:
            out.setdefault(trial.candidate.key, []).append(trial)
    return out


def _mean(trials: list[Trial], name: str) -> float:
    values = [value for trial in trials if (value := trial.measures.get(name)) is not None]
    return sum(values) / len(values) if values else float("nan")


def against_lines(run: Run) -> list[str]:
    """Return how the most accurate confirmed member, chosen on validation, compares with the field's lines on test samples."""
    if not run.lines:
        return _unknown_lines(run)
    listed = ", ".join(f"{line.name} {100 * error.mean:.1f}%" for line in run.lines if (error := line.test.get("error")))
    confirmed = [member for member in run.front if member.test and "error" in member.test]
    if not listed:
        return []
    if not confirmed:
        return [f"Test error of the field's lines, methods without a network: {listed}."]
    best = min(confirmed, key=lambda member: (run.front.judged[member.key].get("error") or 0.0, member.id))
    reached = 100 * (best.test or {})["error"].mean
    return [f"Against the field's lines, methods without a network: {best.id} has {reached:.1f}% test error; {listed}."]


def _unknown_lines(run: Run) -> list[str]:
    """Return the command that fits the field's lines to the run's task, where it has any."""
    if not of_domain(run.configuration.domain):
        return []
    command = lines_command(run.configuration.domain, source_of(run.configuration, run.path))
    return [f"What the field's lines reach here is not known; this fits them: {command}"]


def cost(run: Run) -> dict[str, Any]:
    """Return what a run spent, all phases together.

    Returns:
        `trials`, `training_macs`, `cpu_seconds`, `seconds`, `joules` (None where no counter could be read, and then
        `joules_reason`), `utilisation` (worker time inside training over workers times wall time, in the search), and
        `overhead_seconds` (worker time of a trial that is neither training nor measuring, mean).
    """
    searched = run.trials
    everything = [*searched, *run.control, *run.confirmation, *_trained_here(run)]
    wall = float(run.fact("search_seconds") or 0.0)
    inside = sum(trial.cost.training_seconds for trial in searched)
    overheads = [t.cost.seconds - t.cost.training_seconds - t.cost.measuring_seconds for t in searched]
    return {
        "trials": len(everything),
        "training_macs": sum(trial.cost.training_macs for trial in everything),
        "cpu_seconds": sum(trial.cost.cpu_seconds for trial in everything),
        "seconds": float(run.fact("spent") or 0.0),
        "joules": run.fact("joules"),
        "joules_reason": run.fact("joules_reason"),
        "utilisation": inside / (wall * run.configuration.settings.workers) if wall else None,
        "overhead_seconds": sum(overheads) / len(overheads) if overheads else None,
    }


def _trained_here(run: Run) -> list[Trial]:
    return run.baseline_trials if run.fact("baseline_seconds") else []


def cost_words(run: Run) -> str:
    """Return what a run spent, in a sentence."""
    spent = cost(run)
    if not run.of_networks:
        return f"Spent: {spent['trials']} look-ups, {clock(spent['seconds'])} by the clock."
    joules = f"{show(spent['joules'])} J" if spent["joules"] is not None else f"joules not measured ({spent['joules_reason']})"
    text = (
        f"Spent: {spent['trials']} trials, {show(spent['training_macs'])} training MACs, "
        f"{show(spent['cpu_seconds'])} CPU seconds, "
        f"{clock(spent['seconds'])} by the clock; {joules}."
    )
    if spent["utilisation"] is not None:
        text += (
            f" In the search the workers spent {100 * spent['utilisation']:.0f}% of their time in training, and "
            f"{1000 * (spent['overhead_seconds'] or 0):.0f} ms a trial on neither training nor measuring."
        )
    return text


def closing(run: Run) -> str:
    """Return what the user reads at the end of a search, below the front's table."""
    lines = [*against_chance(run), *against_baselines(run), *against_lines(run), "", cost_words(run), *_trouble(run)]
    kept = ", weights" if run.of_networks else ""
    lines.append(f"Written to {run.path}: front.csv, front.json, front.png, hypervolume.png, run.toml, run.db{kept}.")
    if command := run.fact("repeat"):
        lines += ["", "repeat it to the bit:", f"  {command}"]
    return "\n".join([*lines, *_next(run)])


def _trouble(run: Run) -> list[str]:
    """Return what went wrong, if anything did."""
    lines = []
    path = shlex.quote(str(run.path))
    if reason := run.fact("not_repeatable"):
        lines.append(f"Not repeatable: {reason}.")
    broken = [trial for trial in run.trials if trial.status in (Status.FAILED, Status.DIVERGED)]
    if broken:
        lines.append(f"{len(broken)} of {len(run.trials)} trials failed or diverged; why: minas trials {path}")
    return [*lines, *_too_few(run)]


def _too_few(run: Run) -> list[str]:
    """Return why there were fewer trials than asked for, or none at all."""
    settings = run.configuration.settings
    if run.fact("search_exhausted") and (settings.trials is None or len(run.trials) < settings.trials):
        limits = ", ".join(f"{word(name)} at most {show(largest)}" for name, largest in settings.limits.items())
        return [f"After {len(run.trials)} trials no new architecture was found within the limits ({limits or 'none'})."]
    return [] if run.told else ["Not one trial ended in time: give it more, with --time."]


def _next(run: Run) -> list[str]:
    """Return the commands to try next; the limits are such that the knee keeps them."""
    if not run.front:
        return []
    path = shlex.quote(str(run.path))
    if not run.of_networks:
        return ["next:", f"  minas front {path} --csv", f"  minas trials {path}"]
    measures = run.front.judged[run.front.knee().key]
    limits = [f" --max-{name} {_above(value)}" for name in ("error", "flops") if (value := measures.get(name)) is not None]
    pick = f"  minas pick {path}{''.join(limits)}"
    if spaces.kind_of(run.configuration.search_space) != spaces.USUAL:  # no graph to draw, no source to export
        script = f"import minas; print(minas.open_run({str(run.path)!r}).front.knee().network())"
        return ["next:", pick, f"  python -c {shlex.quote(script)}"]
    return [
        "next:",
        pick,
        f"  minas plot {path} --architecture knee",
        f"  minas export {path} knee my-network",
    ]


def _above(value: float) -> str:
    """Return a number of two digits, not below a value."""
    if value <= 0:
        return "0"
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return show(math.ceil(value / step) * step)
