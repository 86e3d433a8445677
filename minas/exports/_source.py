"""A network's source code in plain PyTorch, one line a layer and one line a step of the forward pass."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Sequence

from torch import nn

from minas.exports import _preparation, _reader
from minas.exports._document import Document
from minas.graph.kinds import ids_below
from minas.graph.signatures import Merge
from minas.network import Network

_OPERATORS = "minas.operators."
_IMPORTS = """\
from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from torch import Tensor, nn
"""
_LAYOUT = (
    "# As in training: another layout in memory may round otherwise.",
    "self.to(memory_format=torch.channels_last)",
)
_LOAD = '''\
def load(folder: str | Path | None = None) -> Network:
    """Return the trained network, in eval mode; its weights are read from this file's folder, or from the given one."""
    network = Network()
    network.load_state_dict(read_safetensors(Path(folder or Path(__file__).parent) / "weights.safetensors"))
    return network.eval()
'''


def source(network: Network, document: Document) -> str:
    """Return the text of `model.py`: it needs torch alone, and its state dict has the names of the network's.

    Whatever strangers may have named (classes, measures, preprocessing) stands in it as a Python literal or inside the
    docstring, escaped, never as code.

    Raises:
        TypeError: an operator whose constructor can't be written down, against the contract of `minas.operators`.
    """
    preprocessing = _preparation.constant(document.preprocessing)
    constants = f"SHAPE = {document.shape!r}\nCLASSES = {document.classes!r}\nPREPROCESSING = {preprocessing}\n"
    texts = _preparation.of_texts(document.preprocessing)
    imports = _IMPORTS.replace("import math\n", f"import math\n{_preparation.TEXT_IMPORTS}") if texts else _IMPORTS
    parts = [f"{_docstring(network, document)}\n\n{imports}\n{constants}"]
    parts += _preparation.functions(document.preprocessing)
    parts += [inspect.getsource(cls) for cls in _classes(network)]
    parts += [_network(network), inspect.getsource(_reader.read_safetensors), _LOAD]
    return "\n\n".join(parts)


def _docstring(network: Network, document: Document) -> str:
    """Return the module's docstring, quotes included, with everything in it that could end it escaped."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    classes = ", ".join(map(repr, document.classes))
    measures = _preparation.plain(document.measures)
    lines = [
        "A network found by MINAS, in plain PyTorch: this file needs torch alone.",
        "",
        "    import model",
        "    network = model.load()  # eval mode",
        "    logits = network(samples)",
        "",
        f"Samples: {_elements(document)} of shape (batch, {', '.join(map(str, document.shape))}).",
        _preparation.in_words(document.preprocessing),
        f"Logits: (batch, {len(document.classes)}), in the order of the classes: {classes}.",
        f"Parameters: {parameters:,}.",
        *(f"Measured: {name!r} {value!r}." for name, value in measures.items() if value is not None),
    ]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{text}\n"""'


def _elements(document: Document) -> str:
    bound = ids_below(document.architecture)
    return "float32" if bound is None else f"int64, from 0 to {bound - 1},"


def _classes(network: nn.Module) -> list[type]:
    """Return the operator classes that a network uses and those they build on, each after what it needs."""
    found: dict[str, type] = {}
    for module in reversed(list(network.modules())):
        for cls in reversed(type(module).__mro__):
            if cls.__module__.startswith(_OPERATORS) and found.setdefault(cls.__name__, cls) is not cls:
                raise TypeError(f"two operator classes are named {cls.__name__}")
    return list(found.values())


def _network(network: Network) -> str:
    """Return the source of the class `Network`."""
    layers = [f"self.{name} = {expression(child)}" for name, child in network.named_children()]
    sample = ", ".join(map(str, network.shape))
    lines = [
        "class Network(nn.Module):",
        f'    """Samples of shape (batch, {sample}) to logits of shape (batch, {network.classes})."""',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *(f"        {line}" for line in (*layers, *(_LAYOUT if network.channels_last else ()))),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *(f"        {step}" for step in _steps(network)),
    ]
    return "\n".join(lines) + "\n"


def _steps(network: Network) -> Iterator[str]:
    """Yield the lines of the forward pass; a state bears the name of the operator that gives it."""
    masked = network.padding is not None
    if masked:
        yield f"mask = (x != {network.padding}).unsqueeze(1)  # padding stands behind all other positions"
    if network.stem is not None:
        yield "x = self.stem(x)"
    if masked:
        yield "mask = torch.ones_like(mask[:, :, :1]).to(x.dtype)" if network.single else "mask = mask.to(x.dtype)"
    names = ["x", *(application.name for application in network.plan.applications)]
    for application in network.plan.applications:
        given = _merged([names[source] for source in application.sources], application.merge)
        yield f"{application.name} = self.{application.name}({given}{', mask' * (masked and application.masked)})"
        if masked and application.stride > 1:
            yield f"mask = mask[:, :, ::{application.stride}]"
    given = _merged([names[source] for source in network.plan.output], network.plan.merge)
    yield f"return self.head({given}{', mask' * (masked and network.plan.masked)})"


def _merged(states: Sequence[str], merge: Merge) -> str:
    """Return the arguments that `minas.network.merge.merged` gives an operator, in the same order."""
    if len(states) == 1 or merge == "currents":
        return ", ".join(states)
    if merge == "maximum":
        return f"torch.stack([{', '.join(states)}], 1).amax(1)"
    return f"({' + '.join(states)}) / {len(states)}"


def expression(module: nn.Module) -> str:
    """Return the constructor call that makes a module anew: of a layer of torch, an operator, or a sequence of them.

    The arguments are read from the attributes of the same name; those that have their default are left out.

    Raises:
        TypeError: a class from elsewhere, or an argument that the module does not keep as a plain attribute.
    """
    cls = type(module)
    if cls is nn.Sequential:
        return f"nn.Sequential({', '.join(map(expression, module.children()))})"
    if getattr(nn, cls.__name__, None) is cls:
        return f"nn.{cls.__name__}({_arguments(module)})"
    if cls.__module__.startswith(_OPERATORS):
        return f"{cls.__name__}({_arguments(module)})"
    raise TypeError(f"{cls.__module__}.{cls.__name__} is neither torch's nor an operator: its source can't be carried")


def _arguments(module: nn.Module) -> str:
    written = []
    for parameter in inspect.signature(type(module)).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or parameter.name in ("device", "dtype"):
            continue
        value = getattr(module, parameter.name)
        if parameter.name == "bias" and not isinstance(value, bool):
            value = value is not None
        if parameter.default is parameter.empty:
            written.append(_literal(value, parameter.name))
        elif value != parameter.default:
            written.append(f"{parameter.name}={_literal(value, parameter.name)}")
    return ", ".join(written)


def _literal(value: object, name: str) -> str:
    if isinstance(value, tuple):
        return f"({''.join(f'{_literal(item, name)}, ' for item in value).rstrip()})"
    if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return repr(value)
    raise TypeError(f"the argument {name} is {value!r}, which can't be written as a literal")
