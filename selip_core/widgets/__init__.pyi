from .page import page_style as page_style
from .page import show_live as show_live
from .pages import MapPage as MapPage
from .pages import PairsPage as PairsPage
from .search import SearchPage as SearchPage
from .session import Session as Session
from .viewer import Viewer as Viewer
