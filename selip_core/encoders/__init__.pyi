from .model import SelipModel as SelipModel
from .model import build_model as build_model
