"""The embedded cohorts: anatomy, lesions, signal equations and reports of patients who never lived."""

from selip_core._utils.extras import needs

needs(__name__, "study", "nilearn", "threadpoolctl")
