from .parser import (
    describe_series as describe_series,
)
from .parser import (
    is_normal_report as is_normal_report,
)
from .parser import (
    parse_report as parse_report,
)
from .parser import (
    tokenize as tokenize,
)
from .parser import (
    unknown_words as unknown_words,
)
from .queries import query_sentences as query_sentences
from .sentences import (
    NORMAL_STATEMENT as NORMAL_STATEMENT,
)
from .sentences import (
    SEQUENCES as SEQUENCES,
)
from .sentences import (
    Finding as Finding,
)
from .sentences import (
    canonical_sentence as canonical_sentence,
)
from .sentences import (
    parse_sentence as parse_sentence,
)
