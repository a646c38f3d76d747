from .build import ingest as ingest
from .options import Options as Options
