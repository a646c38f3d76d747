__version__: str

from .encoders.model import SelipModel as SelipModel
from .errors import SelipError as SelipError
from .losses import selip_loss as selip_loss
from .losses import soft_targets as soft_targets
from .preprocessing import preprocess as preprocess
from .reports.parser import parse_report as parse_report
from .reports.sentences import Finding as Finding
from .similarity.findings import appearance_tag as appearance_tag
from .similarity.scores import ReportCorpus as ReportCorpus
from .similarity.scores import similarity_matrix as similarity_matrix
