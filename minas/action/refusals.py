"""What a meter can't read: said before a wrong S comes out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from minas.action.fused.recorder import QuickRecorder
from minas.action.recorder import Recorder
from minas.action.trace import Trace
from minas.errors import UsageError


def check_model(model: object) -> None:
    """Refuse what is no module, and modules whose calls torch hides.

    Raises:
        UsageError: for either.
    """
    if not isinstance(model, nn.Module):
        kind = "type" if isinstance(model, type) else type(model).__name__
        raise UsageError(
            f"ActionMeter was given a {kind}; expected an nn.Module, such as ActionMeter(nn.Linear(2, 2)): "
            "put a function into the forward method of a module, with its parameters as attributes"
        )
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            which = f"the part {name!r} of the model" if name else "the model"
            raise UsageError(
                f"{which} comes from torch.jit, which hides the functions that it calls. Meter the module that it was made of"
            )


def check_options(mask: Tensor | None, fraction: float, batch_axis: int) -> None:
    """Refuse options of a meter that can't be meant.

    Raises:
        UsageError: for a fraction outside of (0, 1], a mask that is not (batch, positions), a negative axis.
    """
    if not 0 < fraction <= 1:
        raise UsageError(f"fraction is {fraction}; expected a share of the batch in (0, 1], such as 1/8")
    if mask is not None and mask.dim() != 2:
        raise UsageError(f"the mask has the shape {tuple(mask.shape)}; expected (batch, positions), True = valid")
    if batch_axis < 0:
        raise UsageError(f"batch_axis is {batch_axis}; expected the axis of the model's input that counts samples, 0 or 1")


def check_alone() -> None:
    """Refuse to read a forward pass that another meter reads, or that runs on a part of a batch.

    Raises:
        UsageError: for either.
    """
    for place in range(torch._C._len_torch_function_stack()):
        if isinstance(torch._C._get_function_stack_at(place), Recorder | QuickRecorder):
            raise UsageError(
                "a meter was used inside of another one's forward pass: they would read each other. Use one at a time; what "
                "the parts of a model cost is in the rows of its meter's table()"
            )
    functorch = torch._C._functorch
    if functorch.peek_interpreter_stack() is not None and any(
        level.key() == functorch.TransformType.Vmap for level in functorch.get_interpreter_stack()
    ):
        raise UsageError(
            "the model is called under torch.func.vmap, which splits the batch, and S is a mean over samples. "
            "Call the model on the whole batch, or on one sample after the other"
        )


def check_gradients(trace: Trace) -> None:
    """Refuse a pass whose states lost their gradients.

    Raises:
        UsageError: a checkpoint ran a part of the model without gradients.
    """
    if any(type(value.tensor.grad_fn).__name__ == _CHECKPOINT for call in trace.calls for value in call.outputs):
        raise UsageError(
            "a part of the model runs in torch.utils.checkpoint with use_reentrant=True, which hides its states' gradients: "
            "that of the action would be wrong. Use checkpoint(..., use_reentrant=False)"
        )


_CHECKPOINT = "CheckpointFunctionBackward"


def check_seen(model: nn.Module, trace: Trace, outputs: list[Tensor]) -> None:
    """Refuse a pass without steps that was not seen.

    Raises:
        UsageError: the model has parameters, and its outputs come from something else than what it was given and they.
    """
    if not outputs or any(id(output) in trace.values or trace.weight(output) for output in outputs):
        return
    if next(model.parameters(), None) is not None:
        raise UsageError(
            "what the model does to its input was not seen, so its action is not known: it calls none of torch's functions on "
            "it, but NumPy, an extension or compiled code. Write it with torch's own functions"
        )
