"""`python -m wildvec` is the command `wildvec`."""

from __future__ import annotations

import sys

from wildvec.cli import main

if __name__ == "__main__":
    sys.exit(main())
