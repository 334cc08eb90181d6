"""`python -m service.cli` is `orderproof`."""

import sys

from service.cli import main

if __name__ == "__main__":
    sys.exit(main())
