"""Options that engines bring to the command line: `--ENGINE-NAME VALUE`, made of what stands on their shelf."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from minas.engines import ENGINES, EngineOption
from minas.errors import UsageError

Command = Callable[..., None]


def takes_engine_options(command: Command) -> Command:
    """Return a command that takes the options of every engine as well, and hands them on as `**options`.

    Typer makes its options of a function's signature, so the signature is extended by one parameter an option.
    """
    signature = inspect.signature(command, eval_str=True)
    own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    theirs = [
        inspect.Parameter(
            _parameter(*names), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(names, option)
        )
        for names, option in _options().items()
    ]

    def extended(*arguments: Any, **named: Any) -> None:
        command(*arguments, **named)

    extended.__signature__ = signature.replace(parameters=[*own, *theirs])  # type: ignore[attr-defined]
    extended.__annotations__ = {one.name: one.annotation for one in (*own, *theirs)}
    extended.__doc__ = command.__doc__
    return extended


def of_engine(engine: str, options: Mapping[str, str | None]) -> dict[str, str]:
    """Return what was said of an engine, of all options that its command was given.

    Raises:
        UsageError: something was said of another engine.
    """
    found = {}
    for (name, option), _ in _options().items():
        value = options.get(_parameter(name, option))
        if value is None:
            continue
        if name != engine:
            raise UsageError(f"{_flag(name, option)} goes with the engine '{name}', not '{engine}': add --engine {name}")
        found[option] = value
    return found


def is_engine_option(parameter: str) -> bool:
    """Tell whether a command's parameter is an engine's option."""
    return parameter in {_parameter(*names) for names in _options()}


def _options() -> dict[tuple[str, str], EngineOption]:
    return {(name, option): of for name, kind in ENGINES.all().items() for option, of in kind.options.items()}


def _parameter(engine: str, option: str) -> str:
    return f"{engine}_{option}"


def _flag(engine: str, option: str) -> str:
    return f"--{engine}-{option}".replace("_", "-")


def _annotation(names: tuple[str, str], option: EngineOption) -> Any:
    shown = f"{option.help[:1].upper()}{option.help[1:]}."
    return Annotated[str | None, typer.Option(_flag(*names), help=shown, metavar=option.metavar)]
