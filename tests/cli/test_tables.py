"""Tables on the terminal."""

from __future__ import annotations

from terminal import on_a_terminal


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
