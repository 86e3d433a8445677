"""What one forward pass cost, and its rows in a table."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from minas.action import diagnostics
from minas.action.fused.recorder import QuickRecorder
from minas.action.fused.totals import energy, totals
from minas.action.steps import Step
from minas.action.trace import Trace


@dataclass(frozen=True)
class Row:
    """What one step costs, in the units of section "The action": squared state units a sample.

    Attributes:
        step: the module's path where its parameters tell it, else the function's name.
        operator: the functions that make the step.
        parts: the model's children inside of which, or before which, these were called, that of the linear map first: most
            steps have one. "" stands for what follows the last child, and for a model without children.
        kinetic, potential: T and V.
        activation_energy: mean ||q||^2, which counts towards E where `hidden`.
        hidden: whether a later step takes the state.
        units: elements of the state, a sample; padding is none.
        zero_fraction: share of the state's elements that are exactly zero.
        participation_ratio: (sum q^2)^2 / sum q^4 as a share of the units.
        rescale_gap: by how much rescaling this step alone could still lower S.
    """

    step: str
    operator: str
    kinetic: float
    potential: float
    activation_energy: float
    hidden: bool
    units: int
    zero_fraction: float
    participation_ratio: float
    rescale_gap: float
    parts: tuple[str, ...] = ()

    @property
    def action(self) -> float:
        """T + V."""
        return self.kinetic + self.potential


@dataclass
class Pass:
    """One forward pass."""

    kinetic: Tensor
    potential: Tensor
    samples: int
    hidden: list[Step]
    steps: list[Step]
    rows: list[Row]
    energy: Tensor | None = None
    trace: Trace | None = None
    recorder: QuickRecorder | None = None
    outputs: list[Tensor] = field(default_factory=list)

    @classmethod
    def of(cls, steps: list[Step], samples: int, *, keep: bool) -> Pass:
        """Sum up a pass that was read in general."""
        return cls(
            kinetic=_total([step.kinetic for step in steps]),
            potential=_total([step.potential for step in steps]),
            hidden=[step for step in steps if step.hidden],
            samples=samples,
            steps=steps if keep else [],
            rows=[],
        )

    @classmethod
    def quick(cls, recorder: QuickRecorder, outputs: list[Tensor], samples: int) -> Pass:
        """Sum up a pass of fused steps."""
        kinetic, potential = totals(recorder.shared, outputs)
        found = cls(kinetic, potential, samples, [], [], [])
        found.recorder, found.outputs = recorder, outputs
        return found

    @property
    def activation(self) -> Tensor:
        """E, computed when it is asked for."""
        if self.energy is None:
            parts = [step.activation for step in self.hidden]
            if self.recorder is not None:
                head = self.recorder.shared.head
                parts += [state[:head].square().sum() / head for state in self.recorder.plain]
                if self.recorder.states:
                    parts.append(energy(self.recorder.shared, self.recorder.states, self.outputs))
            self.energy = _total(parts)
            self.hidden, self.recorder, self.outputs = [], None, []
        return self.energy

    def condensed(self) -> Pass:
        """Turn the steps into rows, and let their states go."""
        self.energy = self.activation
        if self.steps:
            with torch.no_grad():
                diagnostics.link(self.steps)
                self.rows = [_row(step) for step in self.steps]
            self.release()
        return self

    def release(self) -> None:
        """Let the states go."""
        self.steps, self.recorder, self.outputs = [], None, []
        if self.trace is not None:
            self.trace.release()
            self.trace = None


def _total(parts: list[Tensor]) -> Tensor:
    return torch.stack(parts).sum() if parts else torch.zeros(())


def _row(step: Step) -> Row:
    return Row(
        step=step.name,
        operator=step.operator,
        kinetic=float(step.kinetic),
        potential=float(step.potential),
        activation_energy=float(step.activation),
        hidden=step.hidden,
        units=diagnostics.units(step.state, step.valid) // step.samples,
        zero_fraction=diagnostics.zero_fraction(step.state, step.valid),
        participation_ratio=diagnostics.participation_ratio(step.state, step.valid),
        rescale_gap=diagnostics.rescale_gap(step),
        parts=tuple(dict.fromkeys(call.part for call in step.calls)),
    )


def averaged(parts: list[tuple[Row, float]]) -> Row:
    """Average the rows of one step over passes."""
    first = parts[0][0]
    if len(parts) == 1:
        return first
    names = ("kinetic", "potential", "activation_energy", "zero_fraction", "participation_ratio", "rescale_gap")
    means = {name: sum(getattr(row, name) * share for row, share in parts) for name in names}
    return Row(step=first.step, operator=first.operator, hidden=first.hidden, units=first.units, parts=first.parts, **means)
