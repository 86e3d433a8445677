"""The program `minas`: its commands, and what users see of errors."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from minas.cli import baselines, data, export, front, groups, lines, pick, plot, search, study, sweep, trials
from minas.errors import MinasError

HELP = """Find neural networks that do their job with little internal action.

    minas search vision                 search for five minutes on 5,000 real digits
    minas front results/vision-...      the front that was found
    minas pick results/vision-... --max-error .03 --max-flops 200k
    minas plot results/vision-... front.png
    minas export results/vision-... knee my-network
"""

EPILOG = "FLOPs are multiply-accumulates (1 MAC = 1 FLOP) of one sample; normalisations and pointwise operators are left out."

INTERRUPTED = 130
"""What Typer exits with after Ctrl-C; ours is 1, as for every run that did not end well."""


def _blocks(text: str) -> str:
    """Mark indented paragraphs as examples, so that help texts keep their lines."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(f"\b\n{part}" if part.startswith("    ") else part for part in paragraphs)


app = typer.Typer(
    help=_blocks(HELP),
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
for module in (search, front, trials, pick, plot, export, groups, baselines, lines, study, sweep, data):
    app.command(help=_blocks(module.HELP), name=module.NAME)(module.command)


def _version(value: bool) -> None:
    if value:
        import importlib.metadata

        print(f"minas {importlib.metadata.version('minas')}")
        raise typer.Exit


@app.callback()
def options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version and exit."),
) -> None:
    """Take the options that stand before any command."""


def run(began: float) -> NoReturn:
    """Run the program; `began` is when the command started, by `time.monotonic()`, which commands find in their context."""
    debug = "--debug" in sys.argv[1:]  # wherever it stands: people add it to the end of a line that failed
    try:
        app([argument for argument in sys.argv[1:] if argument != "--debug"], obj=began)
    except MinasError as error:
        if debug:
            raise
        _complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _complain("stopped")
    except SystemExit as leaving:
        if leaving.code != INTERRUPTED:
            raise
        _complain("stopped")
    except Exception as error:
        if debug:
            raise
        _complain(
            f"this should not happen: {type(error).__name__}: {error}\nthe same with --debug shows where; please report it"
        )
    sys.exit(1)


def _complain(text: str) -> None:
    print(f"error: {text}", file=sys.stderr)
