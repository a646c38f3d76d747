"""Why a volume and a text match: saliency, maps of the space, pairs of reports."""
