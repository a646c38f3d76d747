from .findings import (
    appearance_tag as appearance_tag,
)
from .findings import (
    semantic_similarity as semantic_similarity,
)
from .findings import (
    syntax_similarity as syntax_similarity,
)
from .scores import (
    ReportCorpus as ReportCorpus,
)
from .scores import (
    similarity_matrix as similarity_matrix,
)
from .sites import site_similarity as site_similarity
from .targets import even_out as even_out
