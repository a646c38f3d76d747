"""Why a volume and a text match: saliency, maps of the space, pairs of reports."""

from selip_core._utils.extras import needs

needs(__name__, "study", "sklearn", "threadpoolctl")
