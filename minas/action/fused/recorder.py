"""A forward pass by its plan."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from minas.action.fused.cells import Shared
from minas.action.fused.convolution import ChainStep, Link, close
from minas.action.fused.others import LinearStep, PoolStep, ProductStep
from minas.action.fused.plan import Action, Plan
from minas.action.operations import KINDS, Kind
from minas.errors import UsageError

_QUIET = frozenset(function for function, kind in KINDS.items() if kind is Kind.QUERY)

_CHANGED = (
    "the model's forward pass went another way than the first one, which the fused action relies on: "
    "make the meter with fused=False"
)


class QuickRecorder(TorchFunctionMode):
    """Run steps as single functions.

    Args:
        plan: what to do at which call.
        shared: what the steps share.

    Attributes:
        states: the steps' hidden states; `plain` those of pooling that is P itself, whose T is 0.
    """

    def __init__(self, plan: Plan, shared: Shared) -> None:
        super().__init__()
        self.functions, self.actions = plan.functions, plan.actions
        self.shared = shared
        self.states: list[Tensor] = []
        self.plain: list[Tensor] = []
        self._place = 0
        self._action: Action | None = None  # of the linear operator whose step is open
        self._given: tuple[Any, ...] = ()
        self._link: Link | None = None
        self._waiting: dict[int, tuple[Tensor, list[Link]]] = {}  # chains whose state goes on into a convolution
        self._current: Tensor | None = None

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a function, as a part of a step where the plan says so."""
        if func in _QUIET:
            return func(*args, **(kwargs or {}))
        place = self._place
        self._place = place + 1
        if place >= len(self.functions) or self.functions[place] != func:
            raise UsageError(_CHANGED)
        action = self.actions[place]
        if action is None:
            return func(*args, **(kwargs or {}))
        return _RUN[action.kind](self, action, args, kwargs or {})

    def finish(self) -> None:
        """Say that the forward pass is over."""
        if self._place != len(self.functions) or self._waiting:
            raise UsageError(_CHANGED)

    def _operator(self, action: Action, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        """A convolution or a linear map."""
        if args[1] is not action.weight or action.weight is None:
            raise UsageError(_CHANGED)
        self._action, self._given = action, args
        torch._C._set_grad_enabled(False)
        try:
            raw = torch.conv2d(*args) if action.kind == "convolution" else torch._C._nn.linear(*args)
        finally:
            torch._C._set_grad_enabled(True)
        if action.kind == "convolution":
            self._link = Link(
                args[0], action.weight, args[2], raw, _options(*args[3:]), action.bend, action.owned, action.hidden
            )
        self._current = raw
        return self._close() if action.last else raw

    def _norm(self, action: Action, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        """The batch normalisation of the open step."""
        link = self._link
        given = dict(zip(_NORM, args, strict=False), **kwargs)
        if args[0] is not self._current or link is None or not given["training"]:
            raise UsageError(_CHANGED)
        link.gamma, link.beta, link.eps = given["weight"], given["bias"], given["eps"]
        torch._C._set_grad_enabled(False)
        try:
            normed, *saved = torch.native_batch_norm(
                link.raw, given["weight"], given["bias"], args[1], args[2], True, given["momentum"], given["eps"]
            )
        finally:
            torch._C._set_grad_enabled(True)
        link.normed, link.saved = normed, (saved[0], saved[1])
        self._current = normed
        return self._close() if action.last else normed

    def _bend(self, action: Action, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        """The non-linearity of the open step."""
        if args[0] is not self._current:
            raise UsageError(_CHANGED)
        return self._close()

    def _close(self) -> Tensor:
        """End the open step."""
        action, link, given = self._action, self._link, self._given
        assert action is not None
        if link is None:
            state = LinearStep.apply(self.shared, self._current, action.bend, action.hidden, *given[:3])  # type: ignore[no-untyped-call]
        else:
            state = self._linked(action, link)
        self._action = self._link = self._current = None
        return self._kept(action.hidden, state)

    def _linked(self, action: Action, link: Link) -> Tensor:
        """Add a step to its chain, and make the chain one function where it ends."""
        torch._C._set_grad_enabled(False)
        try:
            state = close(link, self.shared)
        finally:
            torch._C._set_grad_enabled(True)
        _, links = self._waiting.pop(id(link.source), (None, []))
        links.append(link)
        if action.joins:
            self._waiting[id(state)] = (state, links)
            return state
        parameters = [tensor for one in links for tensor in (one.weight, one.bias, one.gamma, one.beta)]
        found: Tensor = ChainStep.apply(links, state, links[0].source, *parameters)  # type: ignore[no-untyped-call]
        return found

    def _kept(self, hidden: bool, state: Tensor) -> Tensor:
        if hidden:
            self.states.append(state)
        return state

    def _pool(self, action: Action, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        pool = action.pool
        assert pool is not None
        return self._kept(pool.hidden, PoolStep.apply(pool, self.shared, args[0]))  # type: ignore[no-untyped-call]

    def _adaptive(self, action: Action, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        state: Tensor = torch.nn.functional.adaptive_avg_pool2d(*args, **kwargs)
        if action.hidden:
            self.plain.append(state)
        return state

    def _product(self, action: Action, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        gate, image = args[action.gate], args[1 - action.gate]
        return self._kept(action.hidden, ProductStep.apply(self.shared, action.hidden, gate, image))  # type: ignore[no-untyped-call]


_NORM = ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")

_RUN = {
    "convolution": QuickRecorder._operator,
    "linear": QuickRecorder._operator,
    "norm": QuickRecorder._norm,
    "bend": QuickRecorder._bend,
    "pool": QuickRecorder._pool,
    "adaptive": QuickRecorder._adaptive,
    "product": QuickRecorder._product,
}


def _options(stride: Any, padding: Any, dilation: Any, groups: int) -> tuple[Any, Any, Any, int]:
    """Return a convolution's options as its backward kernel wants them."""
    pairs = [(value, value) if isinstance(value, int) else value for value in (stride, padding, dilation)]
    return (pairs[0], pairs[1], pairs[2], groups)
