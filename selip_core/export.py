"""A trained model with its card, to take elsewhere: ``python -m selip_core.export results/demo SeLIP 0 --out DIR``."""

import argparse
import csv
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from selip_core._utils.command import DONE, Parser, run_command
from selip_core._utils.extras import MissingExtra
from selip_core._utils.files import expanded, read_json, write_text
from selip_core.config import EMBEDDED_SOURCE
from selip_core.encoders.files import CONFIG
from selip_core.errors import SelipError
from selip_core.pretraining.methods import PRETRAINED, VARIANTS, run_folder, trained_models

if TYPE_CHECKING:
    from selip_core.encoders.model import SelipModel

CARD = "README.md"

_OF_ANOTHER_RUN = (
    "Not listed: the last run of 04_pretraining in this folder of results is of another cohort or of other seeds than "
    "this model."
)

_NOT_RUN = (
    "Not listed: 04_pretraining has not been run yet, which also trains the fusion of a study's series: run it, then "
    "export again."
)

_TAGS = ["medical", "mri", "brain", "radiology", "contrastive", "image-text-retrieval"]

_USE = """
## Use

`pip install` the project that this model comes from (`selip`), then:

```python
from selip_core.embed import embed
from selip_core.encoders.model import SelipModel

if __name__ == "__main__":  # embed starts processes, which read a script again
    model = SelipModel.from_pretrained("{folder}")
    images = embed(model, ["scan.nii.gz"])                            # a table, its features ({size},) of unit norm
    texts = model.encode_text(["在左侧额叶表现为片状长信号"])           # (1, {size})
```

With transformers, which runs no code of this folder: `from selip_core import automodel`, then
`AutoModel.from_pretrained("{folder}")`.
A table of features of many files: `python -m selip_core.embed {folder} FILES --out features.parquet`; of whole studies,
with `--level study`. One study: `model.encode_study({{"T1": model.preprocess("t1.nii.gz"), "DWI": ...}})`, any subset.

## Intended use and limits

For research on image-text pretraining: retrieval, features for a classifier, a start for fine-tuning.
**Not a medical device**: not for diagnosis, and not evaluated for any clinical decision.

- It knows the sequences, sites and appearances of its training reports, in the canonical sentences of the lexicon
  (`在…表现为…`); other words are outside what it has learnt.
- A score is a cosine, not a probability; a finding that is not there also has a closest series.
- It expects volumes preprocessed as above (fingerprint `{fingerprint}`); other preprocessing is refused.
- Scanners, protocols, ages and diseases other than those of the data named above were not tested.
{source}"""

_SYNTHETIC = """- **Its training images and reports are synthetic.** Its numbers check the method, and say nothing
  about patients.
"""

_PATIENTS = """- Whether, and under which licence, it may be given away is for the owner of the data named above to
  say. Its vocabulary holds the characters and Latin words of the training sentences.
"""


def export_model(results: str | Path, method: str, seed: int, out: str | Path) -> Path:
    """Write a model of ``04_pretraining`` into a folder of its own, with its card; return the folder.

    Parameters
    ----------
    results : path
        ``results/<profile>``.
    method : one of `selip_core.pretraining.methods.PRETRAINED`
    seed : int
    out : path
        Must not exist.

    Raises
    ------
    SelipError
        If there is no such model, or `out` exists.
    """
    from selip_core.encoders.model import SelipModel

    results, out = Path(results), expanded(out)
    model = run_folder(results / "04_pretraining" / "models", method, seed) / "best"
    if not (model / CONFIG).exists():
        there = ", ".join(trained_models(model.parents[1])) or "none: run 04_pretraining first"
        raise SelipError(f"{model} holds no model; {results} has {there}")
    if out.exists():
        raise SelipError(f"{out} exists already: give another folder, it is never overwritten")
    partial = out.with_name(f".{out.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        loaded = SelipModel.from_pretrained(model)
        loaded.save_pretrained(partial)  # in today's format, whichever it was written in
        write_text(partial / CARD, model_card(results, method, seed, loaded, name=out.name))
        partial.rename(out)
    except OSError as error:
        raise SelipError(f"cannot write {out}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


def model_card(results: Path, method: str, seed: int, model: "SelipModel", *, name: str) -> str:
    """Return the card of a model as Markdown, written from the records of its run."""
    config, record = model.config, read_json(results / "04_pretraining" / "run.json") or {}
    source, options = config.get("data_source", "unknown data"), config.get("preprocessing", {})
    synthetic = source == EMBEDDED_SOURCE  # that very one: a word may be in the name of any folder of patients
    training = record.get("settings", {}).get("pretraining", {})
    lines = [
        f"{_front(synthetic)}\n# {name}: {method} for head MRI and radiology reports\n",
        f"Image and text encoders in one space of {config['embedding_size']} dimensions, pretrained as "
        f"{method}: {_targets(method, training)} (after arXiv 2503.19801), seed {seed}, "
        f"profile {record.get('profile', results.name)}.\n",
        "| | |\n|---|---|",
        f"| data | {source} |",
        *(f"| {split} | {size} |" for split, size in _data_sizes(results).items()),
        f"| steps | {training.get('steps', 'unknown')} of at most {training.get('batch_size', 'unknown')} pairs; "
        "the weights that were best on validation patients |",
        f"| image encoder | {config['image_encoder']['name']}, {config['image_encoder']['pooling']} pooling |",
        f"| text encoder | {config['text_encoder']['name']} |",
        f"| study of several series | {_fusion(model)} |",
        f"| parameters | {sum(p.numel() for p in model.parameters()) / 1e6:.1f} million |",
        f"| volumes (D, H, W) | {_numbers(options.get('shape'))}, {_numbers(options.get('spacing_mm'))} mm |",
        f"| preprocessing fingerprint | {config.get('preprocessing_fingerprint')} |",
        f"| cohort fingerprint | {config.get('cohort_fingerprint')} |",
        f"| code | commit {record.get('git') or 'unknown'} |",
        "",
        "## Results on test patients\n",
        "Means over seeds of this profile, not of this model alone; 95 % intervals from resampling patients; n counts "
        "queries for retrieval, patients elsewhere. The constant answer looks at no volume: it gives each query what "
        "is frequent among the training sentences of its sequence.\n",
        *(_results(results, method, config, record, seed)),
    ]
    use = _USE.format(
        folder=name, size=config["embedding_size"], fingerprint=config.get("preprocessing_fingerprint"),
        source=_SYNTHETIC if synthetic else _PATIENTS,
    )  # fmt: skip
    return "\n".join(lines) + "\n" + use


def _fusion(model: "SelipModel") -> str:
    """Return how the model makes one feature of a study's series."""
    sequences = model.study_fusion.sequences
    if not sequences:
        return "the mean of its series' features: no fusion is in this folder"
    return f"a trained fusion is in this folder, of {', '.join(sequences)}; any subset of them"


def _targets(method: str, training: dict) -> str:
    """Return what a method was trained towards, from its settings: those of the run, with what the method changes."""
    from selip_core.config import PretrainingSettings

    told = {**training, **VARIANTS[method].changes}
    weight, kind, matching, site, near, power = (
        told.get(name, PretrainingSettings.model_fields[name].default)
        for name in ("soft_target_weight", "similarity", "matching", "site_weight", "site_match", "similarity_power")
    )
    if weight == 0:
        return "hard targets, each image with its own text alone"
    from_reports = {"mixed": "wording times meaning", "syntax": "wording", "semantic": "meaning"}.get(kind, kind)
    strength = f"{matching} matching, {near} sites, site weight {site:g}, power {power:g}, weight {weight:g}"
    if kind == "even":
        return f"soft targets even over a batch, as strong as those from the similarity of reports ({strength})"
    return f"soft targets from the similarity of reports ({from_reports}; {strength})"


def _front(synthetic: bool) -> str:
    """Return what the hub reads of a card, in YAML, between the lines that mark it."""
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        license="apache-2.0" if synthetic else "unknown", library_name="selip",
        pipeline_tag="image-feature-extraction", language="zh", tags=_TAGS + ["synthetic-data"] * synthetic,
    )  # fmt: skip
    return f"---\n{data.to_yaml()}\n---\n"


def _data_sizes(results: Path) -> dict[str, str]:
    """Return how many patients, series and sentences the model was trained and validated on, as the run counted."""
    path = results / "04_pretraining" / "tables" / "pairs.csv"
    if not path.exists():
        return {"training patients": "unknown"}
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        f"{split} data": ", ".join(f"{row[split]} {next(iter(row.values()))}" for row in rows)
        for split in ("train", "validation")
    }


def _numbers(values: list | None) -> str:
    return " × ".join(f"{value:g}" for value in values) if values else "unknown"


def _is_of_run(config: dict, record: dict, seed: int) -> bool:
    """Return whether a model is of the last run of ``04_pretraining``: those of other cohorts and seeds stay there."""
    first, n_seeds = record.get("seed", 0), record.get("settings", {}).get("n_seeds", 1)
    # a run names the embedded cohort as it was asked for, and that of a user by its fingerprint
    cohort = record.get("inputs", {}).get("cohort") in (record.get("cohort"), config.get("cohort_fingerprint"))
    return cohort and config.get("data_source") == record.get("data_source") and first <= seed < first + n_seeds


def _results(results: Path, method: str, config: dict, record: dict, seed: int) -> list[str]:
    if not record:
        return [_NOT_RUN]
    return _metric_rows(results, method) if _is_of_run(config, record, seed) else [_OF_ANOTHER_RUN]


def _metric_rows(results: Path, method: str) -> list[str]:
    try:
        from selip_core.downstream.summary import NOTEBOOKS
        from selip_core.pipeline.records import standing_in
    except MissingExtra as error:  # of a bare installation: the model can be carried away all the same
        return [f"Not listed: {error}"]
    rows, own = [], f"{method.replace(' ', '_')}_"
    stands = standing_in(results)
    metrics = {name: (read_json(results / name / "metrics.json") or {}) if results / name in stands else {}
               for name in NOTEBOOKS}  # fmt: skip
    for found in metrics.values():
        for name, metric in found.get("metrics", {}).items():
            if name.startswith((own, "constant_answer_", "chance_")) and metric["value"] is not None:
                low, high = metric["low"], metric["high"]
                interval = f"{low:.3f} to {high:.3f}" if None not in (low, high) else ""
                what = name.removeprefix(own).replace("_", " ")
                source = metric.get("data_source") or found.get("data_source", "")
                rows.append(f"| {what} | {metric['value']:.3f} | {interval} | {metric['n'] or ''} | {source} |")
    if not rows:
        return ["None yet: run the notebooks from 05 on, then export again."]
    missing = ", ".join(notebook for notebook, found in metrics.items() if not found)
    note = [f"\nNot run yet, or made of an earlier run: {missing}."] if missing else []
    return ["| metric | value | 95 % interval | n | data |", "|---|---|---|---|---|", *rows, *note]


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (an error), 2 (wrong options) or 130."""
    parser = Parser("export", prog="python -m selip_core.export", description=(
        "Copy a model of 04_pretraining into a folder of its own, with a model card."))  # fmt: skip
    parser.add_argument("results", type=Path, help="results/<profile>")
    parser.add_argument("method", choices=PRETRAINED)
    parser.add_argument("seed", type=int)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    return run_command(lambda: parser.parse_args(arguments), _work, prefix="export: ", interrupted="interrupted")


def _work(options: argparse.Namespace) -> int:
    print(export_model(options.results, options.method, options.seed, options.out))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
