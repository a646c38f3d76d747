"""A hospital's export of images and reports into a cohort."""

import lazy_loader

from selip_core._utils.extras import needs

needs(__name__, "ingest", "pydicom", "dcm2niix", "openpyxl", "xlrd", "PIL", "jinja2")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
