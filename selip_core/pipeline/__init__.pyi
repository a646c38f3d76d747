from .run import Run as Run
from .run import start_run as start_run
