"""Notebooks executed in order, the record of what they found, the report."""
