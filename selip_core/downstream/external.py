"""Real patients with codes and masks, one institution after the other held out (``11_external_validation``)."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selip_core._utils.hashing import code_fingerprint, digest
from selip_core.config import ExternalSettings, SegmentationSettings
from selip_core.datasets.annotations import by_split
from selip_core.datasets.cohort import Cohort, load_cohort
from selip_core.datasets.lgg import COMMON_LOOK, coded_site, common_sentence
from selip_core.datasets.pairs import Pairs
from selip_core.datasets.splits import stratified_split, too_few
from selip_core.datasets.standard_space import in_standard_space
from selip_core.datasets.volume_cache import VolumeCache
from selip_core.downstream.classification import (
    PREDICTION_COLUMNS,
    ClassificationTask,
    fine_tuning_predictions,
    probe_predictions,
    series_features,
)
from selip_core.downstream.kept_runs import KeptRuns
from selip_core.downstream.segmentation import segmentation_results, split_cases
from selip_core.downstream.segmentation_data import Cases
from selip_core.downstream.training import Budget
from selip_core.encoders.inference import encode_series, encode_texts
from selip_core.encoders.model import SelipModel, load_model
from selip_core.metrics.classification import mean_auc
from selip_core.metrics.resampling import FEWEST_PATIENTS
from selip_core.pretraining.start import take_templates_of
from selip_core.reports.sentences import Finding

VALIDATION_FRACTION = 0.2
LABELS = {
    "left side": ("side", "left"), "frontal lobe": ("lobe", "frontal lobe"), "temporal lobe": ("lobe", "temporal lobe"),
    "parietal lobe": ("lobe", "parietal lobe"), "grade 3": ("grade", "G3"),
}  # fmt: skip
"""What is told of each patient: the column of the codes, and the word."""
ABNORMALITY = "FLAIR abnormality"
_ABOUT = ("patient_id", "sequence")
_ORDERS = 20
_SIDES, _LOBES = ("left", "right"), ("frontal lobe", "temporal lobe", "parietal lobe", "occipital lobe", "insula")


def institution_folds(institutions: pd.Series, *, seed: int) -> dict[str, pd.Series]:
    """Return the split of every patient for each institution that is held out as the test.

    The patients of the others are split into train and validation, each institution by itself. An institution of fewer
    than `FEWEST_PATIENTS` is never held out alone: what it says of itself would have no interval.

    Parameters
    ----------
    institutions : Series of str by patient
    """
    folds = {}
    for held_out, count in institutions.value_counts(sort=False).items():
        if count < FEWEST_PATIENTS or count == len(institutions):
            continue
        split = pd.Series("test", index=institutions.index)
        others = institutions[institutions != held_out]
        parts = stratified_split(
            others.to_numpy(), seed=seed, validation_fraction=VALIDATION_FRACTION, test_fraction=0.0
        )
        # a split without a test part still takes one of each class for it: here they train
        split[others.index] = "train"
        split[others.index[parts["validation"]]] = "validation"
        folds[held_out] = split
    return folds


def real_cohort(source: Path, directory: Path, data_source: str) -> Cohort:
    """Return published images as a cohort: ingested once into `directory`, anew where files or code have changed.

    Parameters
    ----------
    source : path
        As `selip_core.ingest.ingest` takes it; segmentations are masks of a tumour.
    """
    from selip_core.ingest.build import ingest  # what reads images is an extra of its own
    from selip_core.ingest.inventory import source_state

    key = digest(str(source), source_state(source), code_fingerprint("ingest.build"))
    target = _newest(directory, f"lgg_{key}")
    ingest(source, target, masks="tumour", keep_ids=True, data_source=data_source)
    return one_study_each(load_cohort(target))


def on_template_head(
    cohort: Cohort, directory: Path, *, workers: int | None = None
) -> tuple[Cohort, pd.DataFrame]:
    """Return a cohort whose heads lie on the template head, as those of the embedded cohort do, and what was done.

    # Choice: an encoder compares a volume with templates voxel by voxel. In a trial on the model's grid (95 real heads,
    one seed) the percentile of a volume for its site's sentence was 0.51 to 0.55 in their own place and 0.57 to 0.59
    on the template head (untrained 0.56 and 0.52; each within 0.05).
    """
    key = digest(cohort.fingerprint, code_fingerprint("datasets.standard_space"))
    target = _newest(directory, f"registered_{key}")
    table = in_standard_space(cohort.directory, target, workers=workers)
    return one_study_each(load_cohort(target)), table


def _newest(directory: Path, name: str) -> Path:
    """Return the folder of a name; others of its kind, made of other files or by other code, are deleted."""
    for old in directory.glob(f"{name.partition('_')[0]}_*") if directory.is_dir() else ():
        if old.name != name:
            shutil.rmtree(old)
    return directory / name


def one_study_each(cohort: Cohort) -> Cohort:
    """Return a cohort with the first study of each patient alone: a patient counts once."""
    first = cohort.series.groupby("patient_id")["study_id"].transform("min")
    return replace(cohort, series=cohort.series[cohort.series["study_id"] == first].reset_index(drop=True))


def several_draws(models: dict[tuple[str, int, str], Path], draws: int) -> dict[tuple[str, int, str], Path]:
    """Return each model under several seeds, of patients and of what is trained on it: `draws` for each of its own."""
    own = len({seed for _, seed, _ in models})
    return {(method, seed + i * own, of): path for (method, seed, of), path in models.items() for i in range(draws)}


def with_own_templates(
    models: dict[tuple[str, int], Path], cache: VolumeCache, folds: dict[str, pd.Series], directory: Path
) -> dict[tuple[str, int, str], Path]:
    """Return copies of models, by method, seed and institution, that see volumes as the fold's training patients have
    them: with the templates of those volumes, without any label.

    # Choice: a scan of another scanner has another contrast, is far from every template of another cohort, and takes a
    wrong one. What is measured then is that difference and no lesion.
    """
    volumes, found = every_volume(cache), {}
    for institution, split in folds.items():
        training = volumes.take(np.flatnonzero(split.reindex(volumes.patients).to_numpy() == "train"))
        for (method, seed), folder in models.items():
            model = SelipModel.from_pretrained(folder)
            found[method, seed, institution] = folder
            if model.image_encoder.templates.names:
                target = directory / institution / f"{method}_{seed}".replace(" ", "_")
                take_templates_of(model, training).save_pretrained(target)
                found[method, seed, institution] = target
    return found


def of_institution(models: dict[tuple[str, int, str], Path], institution: str) -> dict[tuple[str, int], Path]:
    """Return the models of one fold by method and seed."""
    return {(method, seed): folder for (method, seed, held_out), folder in models.items() if held_out == institution}


def external_segmentation(
    models: dict[tuple[str, int, str], Path], cases: Cases, folds: dict[str, pd.Series], settings: ExternalSettings,
    base: SegmentationSettings, **alike: object,
) -> tuple[pd.DataFrame, dict[str, tuple[Cases, dict]]]:  # fmt: skip
    """Train on the other institutions and test on each; see `segmentation_results`.

    Returns
    -------
    results : DataFrame
        With ``institution``; ``case`` counts through all of them.
    examples : dict of institution to (test cases, predicted regions by method and seed)
    """
    shares = common_shares(cases, folds, settings.fractions)
    budget = base.model_copy(update={"fractions": shares, "steps": settings.segmentation_steps})
    tables, examples, before = [], {}, 0
    for institution, split in folds.items():
        parts = split_cases(cases, split)
        of_fold = of_institution(models, institution)
        table, predicted = segmentation_results(of_fold, parts, [ABNORMALITY], budget, task=institution, **alike)
        table["case"] += before
        before += len(parts["test"])
        tables.append(table.assign(institution=institution, task=ABNORMALITY))
        examples[institution] = parts["test"], predicted
    return pd.concat(tables, ignore_index=True), examples


def common_shares(cases: Cases, folds: dict[str, pd.Series], fractions: tuple[float, ...]) -> tuple[float, ...]:
    """Return the shares of the training patients that every fold can draw, so that each is tested on all patients."""
    fewest = min((len(set(split_cases(cases, split)["train"].patients)) for split in folds.values()), default=0)
    if not fewest:
        return ()
    return tuple(fraction for fraction in fractions if not too_few(np.zeros(fewest), fraction))


def coded_truth(codes: pd.DataFrame) -> pd.DataFrame:
    """Return which of `LABELS` each coded patient has, patients by labels; of those of whom all three are coded."""
    known = codes[(codes[["side", "lobe", "grade"]] != "").all(axis=1)].set_index("patient_id")
    return pd.DataFrame({label: known[column] == word for label, (column, word) in LABELS.items()})


def coded_task(cache: VolumeCache, truth: pd.DataFrame, split: pd.Series) -> ClassificationTask:
    """Return the task of telling what is coded of the patients, all sequences of theirs looked at."""
    index = cache.index[cache.index["patient_id"].isin(truth.index)].reset_index(drop=True)
    truth = truth.loc[truth.index.isin(index["patient_id"])]
    strata = np.zeros(len(truth), int)
    parts = by_split(truth, split)
    return ClassificationTask(cache.volumes, index, truth, parts, strata, cache.preprocessing_fingerprint)


def learnt_predictions(
    models: dict[tuple[str, int, str], Path], draws: dict[tuple[str, int, str], Path], cache: VolumeCache,
    truth: pd.DataFrame, folds: dict[str, pd.Series], budget: Budget, *, device: torch.device,
    kept: KeptRuns | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the test predictions of linear probes (of `models`) and fine-tuning (of `draws`) of every fold.

    A probe of one model is the same in every draw.

    Scores are ranks within institution and run, in [0, 1]: those of different folds are of different classifiers, and
    have no common scale.
    """
    tables = []
    for institution, split in folds.items():
        task, of_fold = coded_task(cache, truth, split), of_institution(models, institution)
        features = series_features(of_fold, task, device=device)
        probed = probe_predictions(features, task, (1.0,))
        draws_of_fold = of_institution(draws, institution)
        tuned = fine_tuning_predictions(draws_of_fold, task, (1.0,), budget, device=device, kept=kept)
        tables += [table.assign(institution=institution) for table in (probed, tuned)]
    return ranked(pd.concat(tables, ignore_index=True))


def rank_ceilings(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return for each label the AUC of whoever knows the truth, as ranks within institutions let it be seen.

    It is below 1 where institutions differ in how many have the label.
    """
    told = predictions.drop_duplicates(["patient_id", "label"])
    about = {"approach": "", "method": "", "seed": 0, "fraction": 0.0}
    rng, drawn = np.random.default_rng(0), []
    for _ in range(_ORDERS):  # patients alike in truth come in any order
        perfect = ranked(told.assign(score=told["truth"] + rng.random(len(told)), **about))
        drawn.append(perfect["score"].to_numpy())
    scores, labels = np.stack(drawn, axis=1), told["label"].to_numpy()
    truth = told["truth"].to_numpy(bool)
    of = {label: labels == label for label in pd.unique(labels)}
    rows = [(label, mean_auc(truth[rows, None], scores[rows, None])) for label, rows in of.items()]
    return pd.DataFrame(rows, columns=["label", "ceiling"])


def ranked(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return predictions with each score as its place, in [0, 1], within institution, run and label."""
    keys = ["institution", "approach", "method", "seed", "fraction", "label"]
    groups = predictions.groupby(keys)["score"]
    places = (groups.rank() - 0.5) / groups.transform("size")
    return predictions.assign(score=places)


class SiteReader:
    """What a model says of the side and lobe of each volume, by the sentences that pretraining knows.

    Parameters
    ----------
    folder : Path
        The model.
    cache : VolumeCache
    index : DataFrame with ``row``, ``patient_id``, ``sequence``
        The series of sequences of which a look is common knowledge (`COMMON_LOOK`) are asked.
    """

    def __init__(self, folder: Path, cache: VolumeCache, index: pd.DataFrame, *, device: torch.device):
        self.index = index[index["sequence"].isin(COMMON_LOOK)].reset_index(drop=True)
        model = load_model(folder, cache.preprocessing_fingerprint, device=device)
        self.images = encode_series(model, cache.volumes, self.index["row"].to_numpy())
        self._model = model

    def cosines(self, sequence: str, sites: list[str]) -> np.ndarray:
        """Return the cosine of each series of a sequence with the sentence of each site (series, sites)."""
        texts = encode_texts(self._model, [common_sentence(site, sequence) for site in sites])
        return self.images[(self.index["sequence"] == sequence).to_numpy()] @ texts.T

    def _centred(self, sequence: str, sites: list[str]) -> np.ndarray:
        """Return the cosines less each series' mean over the sites."""
        cosines = self.cosines(sequence, sites)
        return cosines - cosines.mean(axis=1, keepdims=True)

    def scores(self) -> pd.DataFrame:
        """Return how much each patient is said to have each label of side and lobe: mean over the series.

        A side is all lobes on it less those on the other, a lobe its two sides less the other lobes.
        """
        pairs = [(side, lobe) for side in _SIDES for lobe in _LOBES]
        sites = [coded_site(*pair) for pair in pairs]
        tables = []
        for sequence in self.index["sequence"].unique():
            cosines = self._centred(sequence, sites)
            told = {
                label: cosines[:, [word in pair for pair in pairs]].mean(axis=1)
                for label, (column, word) in LABELS.items() if column in ("side", "lobe")
            }  # fmt: skip
            patients = self.index.loc[self.index["sequence"] == sequence, "patient_id"].to_numpy()
            tables.append(pd.DataFrame(told).assign(patient_id=patients))
        return pd.concat(tables).groupby("patient_id").mean()

    def percentiles(self, site_of: pd.Series, patients: pd.Index) -> pd.DataFrame:
        """Return where each patient's volumes stand, for the sentence of its coded site, among those of other sites.

        Parameters
        ----------
        site_of : Series of canonical site by patient
        patients : Index
            Those that are ranked, and ranked among.

        A cosine counts less the volume's mean over all coded sites: an order of the volumes that no sentence changes
        says nothing, and gets 0.5.

        Returns
        -------
        DataFrame with ``patient_id``, ``sequence``, ``percentile`` in [0, 1]
        """
        rows = []
        for sequence in self.index["sequence"].unique():
            who = self.index.loc[self.index["sequence"] == sequence, "patient_id"].to_numpy()
            sites = sorted(set(site_of.reindex(patients).dropna()))
            cosines = self._centred(sequence, sites)
            its_site = site_of.reindex(who).to_numpy()
            asked = np.isin(who, patients) & np.isin(its_site, sites)
            for i in np.flatnonzero(asked):
                column = cosines[:, sites.index(its_site[i])]
                others = column[asked & (its_site != its_site[i])]
                if len(others):
                    below = (others < column[i]).mean() + 0.5 * (others == column[i]).mean()
                    rows.append((who[i], sequence, float(below)))
        return pd.DataFrame(rows, columns=["patient_id", "sequence", "percentile"])


def told_by_sentences(
    models: dict[tuple[str, int], Path], cache: VolumeCache, truth: pd.DataFrame, site_of: pd.Series,
    folds: dict[str, pd.Series], *, device: torch.device,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Return zero-shot predictions of side and lobe, and the percentiles of volumes for the sentence of their site.

    Nothing is learnt from the real patients but, where a model's key has an institution's name, by that model: such a
    one is asked of its held-out institution only.

    Parameters
    ----------
    models : dict of (method, seed) to folder
        The same for all folds; or of (method, seed, institution).
    """
    predictions, percentiles = [], []
    for (method, seed, *of), folder in models.items():
        reader = SiteReader(folder, cache, cache.index, device=device)
        scores = reader.scores()
        for institution in of or folds:
            split = folds[institution]
            test = truth.index[(split.reindex(truth.index) == "test").to_numpy() & truth.index.isin(scores.index)]
            about = {"method": method, "seed": seed, "fraction": 0.0, "institution": institution}
            for label in scores.columns:
                predictions.append(pd.DataFrame({
                    "approach": "zero-shot", "patient_id": test, "label": label, "truth": truth.loc[test, label].array,
                    "score": scores.loc[test, label].array, "predicted": (scores.loc[test, label] > 0).array,
                    "examples": np.nan, **about,
                }))  # fmt: skip
            percentiles.append(reader.percentiles(site_of, test).assign(**about))
    table = pd.concat(predictions, ignore_index=True)
    return ranked(table[[*PREDICTION_COLUMNS, "institution"]]), pd.concat(percentiles, ignore_index=True)


def every_volume(cache: VolumeCache) -> Pairs:
    """Return all volumes of a cache, each with one finding, for every patient has a tumour: to look at them."""
    index, tumour = cache.index, (Finding("", "tumour"),)
    return Pairs(cache.volumes, index["row"].to_numpy(), [tumour] * len(index), *(index[c].tolist() for c in _ABOUT))


def mask_positions(masks: np.ndarray, volumes: np.ndarray, spacing_mm: tuple[float, float, float]) -> pd.DataFrame:
    """Return where each mask lies in its head: mm to the right, to anterior and up from the middle of the head.

    Parameters
    ----------
    masks : (n, D, H, W) bool
    volumes : (n, D, H, W)
        Preprocessed: axes run up, to anterior and to the patient's right; the head is what is brighter than the mean.
    """
    rows = []
    for mask, volume in zip(masks, volumes, strict=True):
        centre = np.argwhere(mask).mean(axis=0)
        head = np.argwhere(volume > volume.mean())
        middle = (head.min(axis=0) + head.max(axis=0)) / 2
        rows.append((centre - middle) * spacing_mm)
    return pd.DataFrame(rows, columns=["up_mm", "anterior_mm", "right_mm"])[["right_mm", "anterior_mm", "up_mm"]]
