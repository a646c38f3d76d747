"""What a pretrained model is good for: retrieval, classification, grading, segmentation, the ablation."""
