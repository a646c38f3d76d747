from .cohort import (
    SPLIT_COLOURS as SPLIT_COLOURS,
)
from .cohort import (
    count_bars as count_bars,
)
from .cohort import (
    finding_pair_matrices as finding_pair_matrices,
)
from .cohort import (
    finding_scores as finding_scores,
)
from .cohort import (
    horizontal_counts as horizontal_counts,
)
from .cohort import (
    intensity_histograms as intensity_histograms,
)
from .cohort import (
    interval_plot as interval_plot,
)
from .cohort import (
    recall_curves as recall_curves,
)
from .cohort import (
    retrieval_examples as retrieval_examples,
)
from .cohort import (
    series_montage as series_montage,
)
from .cohort import (
    similarity_heatmaps as similarity_heatmaps,
)
from .cohort import (
    syntax_against_semantics as syntax_against_semantics,
)
from .cohort import (
    training_curves as training_curves,
)
from .downstream import (
    ablation_intervals as ablation_intervals,
)
from .downstream import (
    claims_forest as claims_forest,
)
from .downstream import (
    few_shot_curves as few_shot_curves,
)
from .downstream import (
    lines_with_intervals as lines_with_intervals,
)
from .downstream import (
    power_curves as power_curves,
)
from .downstream import (
    reliability as reliability,
)
from .downstream import (
    segmentation_overlays as segmentation_overlays,
)
from .embedding_map import map_figure as map_figure
from .embedding_map import pair_figure as pair_figure
from .fonts import register_fonts as register_fonts
from .retrieval import search_results as search_results
from .saliency import (
    character_map as character_map,
)
from .saliency import (
    saliency_by_site as saliency_by_site,
)
from .saliency import (
    saliency_slices as saliency_slices,
)
from .style import apply_style as apply_style
