"""A cohort that answers questions: search, words to ask with, features. No widget, no plot."""
