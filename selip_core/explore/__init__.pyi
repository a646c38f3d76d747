from .explorer import Explorer as Explorer
from .explorer import open_explorer as open_explorer
from .gallery import Gallery as Gallery
