"""The command behind ``run_all.sh``: ``python -m selip_core.pipeline``."""

import sys

from selip_core.pipeline.run_all import main

if __name__ == "__main__":
    sys.exit(main())
