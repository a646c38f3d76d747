"""Train one run of ``04_pretraining`` from the command line: alone, on several GPUs, on several machines.

    python -m selip_core.pretrain --profile paper --cohort folder --method SeLIP
    torchrun --nproc-per-node 8 -m selip_core.pretrain --profile paper --cohort folder --method SeLIP --chunk-size 8

``accelerate launch --multi_gpu -m selip_core.pretrain ...`` does the same, on CPUs too; with ``--cpu`` in the place of
``--multi_gpu`` it starts one process only, whatever number it is asked for, which is an error. ``01_data_curation`` and
``02_report_findings`` come first; several machines need one results folder. The run goes where the notebook looks for
it: ``04_pretraining`` then reads the finished run and draws. Interrupted, the same command continues it.
"""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from selip_core._utils.command import DONE, Parser, run_command
from selip_core.config import EXECUTION, PROFILES, PretrainingSettings, get_settings
from selip_core.errors import SelipError
from selip_core.pipeline import paths
from selip_core.pipeline.records import describe_data_source, finished_upstream, run_inputs
from selip_core.pretraining.methods import PRETRAINED, VARIANTS, run_folder, start_folder

if TYPE_CHECKING:
    from selip_core.pretraining.loop import Pretraining

NOTEBOOK = "04_pretraining"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options; a wrong one ends the program with one line and exit status 2, or is a SelipError."""
    parser = Parser(
        "pretrain", prog="python -m selip_core.pretrain",
        description="Train one run of 04_pretraining: alone, on several GPUs, on several machines.",
    )  # fmt: skip
    parser.add_argument("--profile", choices=PROFILES, default="demo")
    parser.add_argument("--seed", type=int, default=0, help="that of the earlier notebooks")
    parser.add_argument("--cohort", default="embedded", help="embedded, or the folder of a cohort")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--method", choices=PRETRAINED, default="SeLIP")
    parser.add_argument("--repeat", type=int, default=0, help="which of the profile's seeds, from 0: seed + repeat")
    fields = PretrainingSettings.model_fields
    for name in EXECUTION:  # how a step is computed; what it computes is the profile's
        kind = {"action": "store_true"} if fields[name].annotation is bool else {"type": int}
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, default=argparse.SUPPRESS, help=fields[name].description, **kind)
    options = parser.parse_args(arguments)
    get_settings(options.profile, pretraining=_execution(options))  # a number out of range is told before any work
    return options


def _execution(options: argparse.Namespace) -> dict:
    """Return what the user chose of `EXECUTION`."""
    return {name: value for name, value in vars(options).items() if name in EXECUTION}


def train_run(options: argparse.Namespace) -> "Pretraining":
    """Train, or continue, the run that `options` ask for; in every process that takes part.

    Raises
    ------
    SelipError
        If an earlier notebook is missing or was run with other parameters, the patients have too few sentences to
        train on, the profile has no such repeat, or ``accelerate launch --cpu`` was asked for several processes: it
        starts one, which would train alone.
    """
    # here, so that --help and a wrong option need not wait for torch
    from selip_core._utils.devices import resolve_device, set_seeds
    from selip_core.encoders.model import SelipModel
    from selip_core.pipeline.inputs import model_origin, pretraining_pairs
    from selip_core.pretraining.distributed import joined_processes
    from selip_core.pretraining.loop import pretrain
    from selip_core.pretraining.sampler import fitting_batch_size
    from selip_core.pretraining.start import starting_model

    profile, seed, cohort = options.profile, options.seed, options.cohort
    settings = get_settings(profile)
    if not 0 <= options.repeat < settings.n_seeds:
        raise SelipError(f"--repeat {options.repeat}: profile {profile} has {settings.n_seeds} seed(s), counted from 0")
    device = resolve_device(options.device)
    processes = joined_processes(device.type)  # before anything is put on a GPU: each process gets its own
    if processes.count == 1 and _several_were_asked_for():
        raise SelipError("accelerate launch was asked for several processes, and with --cpu it starts only one: give "
                         "it --multi_gpu instead (and this program --device cpu), use torchrun, or for a run of one "
                         "process leave accelerate launch out")  # fmt: skip
    set_seeds(seed)
    inputs = run_inputs(NOTEBOOK, profile=profile, seed=seed, cohort=cohort)
    curation, findings = (
        finished_upstream(name, profile=profile, seed=seed, cohort=cohort, inputs=inputs)[0]
        for name in ("01_data_curation", "02_report_findings")
    )
    sizes = settings.cohort
    folder = paths.cohort_dir(cohort, sizes.patients, sizes.frequencies, seed)
    cache, pairs = pretraining_pairs(curation, findings)
    # before the warm start, which takes minutes, as 04_pretraining asks
    fitting_batch_size(pairs["train"].findings, settings.pretraining.batch_size, flip=settings.pretraining.flip)
    origin = model_origin(cache, settings, describe_data_source(cohort, folder))
    models, seed = paths.results_dir(profile, NOTEBOOK) / "models", seed + options.repeat
    start = start_folder(models, seed)

    def prepare() -> None:
        starting_model(settings, training=pairs["train"], seed=seed, directory=start, extra=origin)

    processes.from_main(prepare)
    chosen = get_settings(profile, pretraining=_execution(options)).pretraining
    pretraining = VARIANTS[options.method].settings(chosen)
    model = SelipModel.from_pretrained(start, device=str(device))
    return pretrain(model, pairs, pretraining, run_folder(models, options.method, seed), seed=seed)


def _several_were_asked_for() -> bool:
    """Return whether ``accelerate launch --cpu`` was given a number of processes, by what it leaves in the environment.

    It always sets the first two, and an address for the processes to meet at where there are to be several.
    """
    environment = os.environ
    launched = "ACCELERATE_MIXED_PRECISION" in environment
    return launched and environment.get("ACCELERATE_USE_CPU", "").lower() == "true" and "MASTER_PORT" in environment


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (an error), 2 (wrong options) or 130; of each process that takes part."""
    return run_command(lambda: parse(arguments), _work, prefix="error: ")


def _work(options: argparse.Namespace) -> int:
    run = train_run(options)
    if run.processes.is_main:
        print(f"{run.directory.name}: {run.step} steps, best at {run.best['step']:.0f} with validation recall@10 "
              f"{run.best['recall_at_10']:.3f}; {NOTEBOOK} shows it")  # fmt: skip
    run.processes.leave()
    return DONE


if __name__ == "__main__":
    sys.exit(main())
