"""A study's plots: drawn from cells alone, whatever there is to show."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from minas.analysis.anova import Effect
from minas.analysis.ceiling import Ceiling, Verdict
from minas.analysis.cells import Cell
from minas.analysis.floors import RULE, Floor
from minas.analysis.study import StudyAnalysis
from minas.analysis.study_pictures import StudySubject, effects_picture, floors_picture, lambda_picture, verdict_picture
from minas.errors import UsageError
from minas.plots import save
from minas.plots.studies import SHELF

NAMES = [name for name, plot in SHELF.all().items() if plot.of is StudySubject]
PLOTS = pytest.mark.parametrize("name", NAMES)
DOMAINS = ("vision", "text", "neuromorphic", "physiological")
FAMILIES = ("conventional", "energy-first", "random", "front", "another")


def cells(domains: tuple[str, ...] = DOMAINS) -> list[Cell]:
    return [
        Cell(
            domain=domain,
            family=family,
            instance=f"{family}-{number}",
            lambda_=weight,
            functional="action",
            strategy="usual",
            seed=0,
            measures={"error": 0.1 + 0.01 * number, "action": 1000.0 * (number + 1) / (1 + weight)},
        )
        for domain in domains
        for family in FAMILIES
        for number in range(2)
        for weight in (0.0, 0.1, 1.0)
    ]


def effect(response: str, term: str, eta: float | None) -> Effect:
    ends = (None, None, None) if eta is None else (eta / 2, min(1.0, eta * 1.5), eta - 0.1)
    return Effect(
        response=response,
        ranked=False,
        kind="II",
        term=term,
        sum_of_squares=1,
        df=1,
        mean_square=1,
        eta=eta,
        eta_low=ends[0],
        eta_high=ends[1],
        omega=ends[2],
    )


def verdict(domain: str, share: float | None, *, size_out: bool = True) -> Verdict:
    known = share is not None
    return Verdict(
        domain=domain,
        target="own",
        size_out=size_out,
        main=size_out,
        answer="supported" if known and share > 0.6 else "refuted" if known else "not decided",
        sentence="",
        architecture=share,
        architecture_low=share - 0.1 if known else None,
        architecture_high=share + 0.1 if known else None,
        strategy=0.2 if known else None,
        strategy_low=0.1 if known else None,
        strategy_high=0.3 if known else None,
        interaction=None,
        seeds=None,
        p=None,
        variance=None,
        architectures=0,
        strategies=0,
        readings=0,
        absent=0,
        sizeless=0,
    )


def subject(domains: tuple[str, ...] = DOMAINS, *, empty: bool = False) -> StudySubject:
    shares = dict(zip(DOMAINS, (0.8, 0.3, 0.75, None), strict=True))
    floors = [
        Floor(
            domain=domain,
            family=family,
            instance=str(number),
            target=target,
            limits=(),
            strategies=(),
            lambdas=(),
            action=None if number == 2 else 500.0 * (number + 1),
            flops=1e5 * (number + 1),
            activations=None,
        )
        for domain in domains
        for family in FAMILIES
        for number in range(3)
        for target in ("own", "common")
    ]
    analysis = StudyAnalysis(
        counted=(),
        left_out=(),
        tables=(),
        effects=()
        if empty
        else (
            effect("error", "family", 0.3),
            effect("error", "domain x family", None),
            effect("log_action", "instance", 0.7),
        ),
        skipped={},
        assumptions=(),
        mixed=(),
        families=(),
        over_lambda=(),
        ceiling=Ceiling(
            rule=RULE,
            verdicts=tuple(verdict(d, None if empty else shares[d], size_out=out) for d in domains for out in (True, False)),
            floors=() if empty else tuple(floors),
            missing=(),
        ),
    )
    return StudySubject(title="12 cells", cells=[] if empty else cells(domains), analysis=analysis)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


@PLOTS
@pytest.mark.parametrize("domains", [DOMAINS, ("vision",)])
def test_files_are_valid_and_the_same_each_time_and_nothing_is_clipped(name: str, domains: tuple[str, ...], tmp_path: Path):
    plot = SHELF.get(name)
    assert plot.name == name
    assert plot.description.endswith(".")
    first, second = (save(plot.figure(subject(domains)), tmp_path / f"{n}.png") for n in "ab")
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as image:
        assert image.width >= 900
        pixels = np.asarray(image.convert("L"))
    assert pixels.std() > 5
    assert all((edge == 255).all() for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))


@PLOTS
def test_where_there_is_nothing_to_show_it_is_said(name: str):
    with pytest.raises(UsageError, match="draw"):
        SHELF.get(name).figure(subject(empty=True))


def test_numbers_come_before_pictures_and_need_neither_matplotlib_nor_torch():
    code = (
        "import sys\nfrom minas.plots.studies import SHELF\nSHELF.all()\nassert not {'torch', 'matplotlib'} & set(sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env={"PYTHONPATH": str(root), "PATH": ""})


def test_effects_show_the_papers_figure_beside_the_error_alone():
    info = effects_picture(subject())
    assert [bar.term for bar in info.panels["error"]] == ["family"], "what has no test has no bar"
    assert (info.panels["error"][0].paper, info.panels["log_action"][0].paper) == (0.001, None)
    assert "the paper's figure" in texts(SHELF.get("effects").draw(info))


def test_lines_are_means_over_a_familys_architectures():
    info = lambda_picture(subject())
    points = info.lines["log_action", "vision", "front"]
    assert [point.lambda_ for point in points] == [0.0, 0.1, 1.0]
    assert points[2].mean == pytest.approx(np.sqrt(1000 * 2000) / 2)
    assert points[2].low < points[2].mean < points[2].high
    assert info.lines["error", "text", "random"][0].mean == pytest.approx(0.105)
    alone = dataclasses.replace(subject(), cells=[cell for cell in cells() if cell.instance.endswith("0")])
    assert all(point.low == point.mean == point.high for point in lambda_picture(alone).lines["error", "text", "random"])


def test_another_functional_is_drawn_where_action_was_in_no_loss():
    energy = [dataclasses.replace(cell, functional="kinetic") for cell in cells()]
    info = lambda_picture(dataclasses.replace(subject(), cells=energy))
    assert info.functional == "kinetic"
    assert any("lambda x kinetic" in text for text in texts(SHELF.get("over_lambda").draw(info)))


def test_floors_are_those_of_the_verdict_and_the_others_are_counted():
    info = floors_picture(subject(("vision",)))
    assert info.points["vision"]["front"] == ((1e5, 500.0), (2e5, 1000.0))
    assert info.without == len(FAMILIES)
    assert any(f"{len(FAMILIES)} without a floor are not drawn" in text for text in texts(SHELF.get("floors").draw(info)))


def test_each_domain_bears_its_verdict():
    info = verdict_picture(subject())
    written = texts(SHELF.get("verdict").draw(info))
    assert [written.count(answer) for answer in ("supported", "refuted", "not decided")] == [2, 1, 1]
