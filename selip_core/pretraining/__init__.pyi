from .loop import Pretraining as Pretraining
from .loop import pretrain as pretrain
from .start import starting_model as starting_model
