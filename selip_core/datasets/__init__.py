"""A cohort on disk: its tables, its volumes as model input, its pairs and splits."""
