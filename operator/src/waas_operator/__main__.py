"""`python -m waas_operator`."""

import sys

from waas_operator.main import main

sys.exit(main())
