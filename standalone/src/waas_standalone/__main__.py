"""`python -m waas_standalone` serves."""

import sys

from waas_standalone.main import main

sys.exit(main())
