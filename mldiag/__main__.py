"""`python -m mldiag` is the command line."""

from __future__ import annotations

from mldiag.cli.app import main

if __name__ == "__main__":
    main()
