from .loop import Pretraining as Pretraining
from .loop import pretrain as pretrain
from .methods import VARIANTS as VARIANTS
from .start import starting_model as starting_model
