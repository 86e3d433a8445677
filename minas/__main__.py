"""`python -m minas`."""

from minas.cli import main

if __name__ == "__main__":
    main()
