"""SeLIP: similarity-enhanced contrastive language-image pretraining for head MRI."""

__version__ = "0.1.0"
