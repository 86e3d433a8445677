"""Tables on the terminal."""

from __future__ import annotations

from terminal import on_a_terminal

from minas.cli import _show


def test_tables_on_a_narrow_terminal_lose_columns_and_never_digits():
    text = on_a_terminal(
        "import os\nos.environ['COLUMNS'] = '60'\nfrom minas.cli._show import table\n"
        "table(('architecture', 'error', 'action', 'params'), [['a' * 30, '3.25%', '123.4k', '99999']],"
        " dispensable=('params',))"
    )
    assert "…" not in text
    assert "123.4k" in text
    assert "params" in text
    text = on_a_terminal(
        "import os\nos.environ['COLUMNS'] = '50'\nfrom minas.cli._show import table\n"
        "table(('architecture', 'error', 'action', 'params'), [['a' * 30, '3.25%', '123.4k', '99999']],"
        " dispensable=('params',))"
    )
    assert "params" not in text
    assert "123.4k" in text


def test_objectives_are_columns_beside_the_usual_ones_and_none_twice(capsys):
    names = _show.columns(["error", "synops", "action"])
    row = {"name": "a net", "measures": {"error": 0.05, "synops": 1234, "action": 7.0, "flops": 3e6}, "test": None}
    _show.front_rows([_show.baseline_row(row, names)], names)
    header, cells = (" ".join(line.split()) for line in capsys.readouterr().out.splitlines())
    assert header == "architecture error test error on front synops action FLOPs activations params"
    assert cells == "a net 5.00% - - 1.23k 7 3M n/a n/a"
    _show.front_rows([], _show.columns(["error", "action", "flops"]))
    header = " ".join(capsys.readouterr().out.split())
    assert header == "architecture error test error on front action FLOPs activations params"
