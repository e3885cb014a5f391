"""`python -m tutor` is `torch-tutor`."""

import sys

from tutor.cli import main

sys.exit(main())
