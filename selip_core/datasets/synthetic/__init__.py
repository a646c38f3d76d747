"""The embedded cohorts: anatomy, lesions, signal equations and reports of patients who never lived."""
