"""Functions that return a figure; the only home of a colour."""
