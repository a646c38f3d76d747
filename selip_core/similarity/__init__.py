"""Findings to the similarity of reports, by wording and by meaning."""
