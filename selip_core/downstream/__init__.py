"""What a pretrained model is good for: retrieval, classification, grading, segmentation, the ablation."""

from selip_core._utils.extras import needs

needs(__name__, "study", "sklearn")
