"""The pretraining loop and what it needs: batches, augmentation, optimiser, checkpoints, processes."""
