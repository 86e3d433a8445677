"""`minas lines`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "lines"
HELP = """Fit what a field's plain methods reach without a network, to compare a front with (scikit-learn, extra: lines).

On the same training, validation and test samples as a search. What they reach is kept: searches on the same task, and
`minas front` and `minas plot` of their runs, show it.

    minas lines vision
    minas lines vision --data my-images
    minas lines physiological --out lines.json
"""


def command(
    domain: Annotated[str, typer.Argument(help="The domain.")],
    data: Annotated[str | None, typer.Option(help="Your own data; the domain's default without it.")] = None,
    image_size: Annotated[int | None, typer.Option(help="Side, in pixels, to which images are resized.")] = None,
    preprocessing: Annotated[
        str | None, typer.Option(help="Of signals: standardise, band, rate, points, baseline; such as band=8-30,rate=250.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A JSON file to write the figures to as well.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Fit a domain's lines."""
    from minas.api.lines import fit_lines
    from minas.cli import _show

    rows = fit_lines(domain, data=data, image_size=image_size, preprocessing=preprocessing, out=out)
    if json:
        _show.as_json(rows)
    else:
        _show.table(
            ("line", "error", "test error, 95% interval", "test balanced accuracy", "seconds"),
            [
                [
                    row["name"],
                    _show.percent(row["measures"]["error"]),
                    _show.ends(row["test"]["error"]),
                    _show.percent(row["test"]["balanced_accuracy"]["mean"]),
                    f"{row['seconds']:.1f}",
                ]
                for row in rows
            ],
        )
