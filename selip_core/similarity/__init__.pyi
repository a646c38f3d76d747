from .scores import (
    ReportCorpus as ReportCorpus,
)
from .scores import (
    appearance_tag as appearance_tag,
)
from .scores import (
    semantic_similarity as semantic_similarity,
)
from .scores import (
    similarity_matrix as similarity_matrix,
)
from .scores import (
    syntax_similarity as syntax_similarity,
)
from .targets import even_out as even_out
