"""`python cli.py ...` is `minas ...`, from a checkout."""

from minas.cli import main

if __name__ == "__main__":
    main()
