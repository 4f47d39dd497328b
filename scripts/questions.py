"""Runs what QUESTIONS.md shows of MLflow and Optuna, and holds it against what `ablate` finds.

    scripts/questions.py target/release/ablate

needs `mlflow`, `optuna`, `wandb`, `pandas` and `scipy`. The runs are those of the fixture of
`crates/cli/tests/cli/bench.rs`. What W&B is asked goes to a server, so of W&B only the logging is
run (offline), and the names that the page uses are looked up in the package.
"""

import csv
import inspect
import itertools
import logging
import os
import pathlib
import re
import shlex
import sqlite3
import subprocess
import sys
import tempfile

os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "WANDB_MODE": "offline"}

import mlflow
import optuna
import pandas as pd
import scipy
import wandb

ROOT = pathlib.Path(__file__).resolve().parent.parent
ABLATE = pathlib.Path(sys.argv[1]).resolve()
PARAMS = ["pretraining", "variant", "depth", "seed"]
SCORES = ["test_error", "valid_error"]

logging.disable(logging.WARNING)
optuna.logging.set_verbosity(optuna.logging.WARNING)


def ablate(*words):
    done = subprocess.run([ABLATE, "--quiet", *words], capture_output=True, text=True, check=True)
    return list(csv.DictReader(done.stdout.splitlines()))


def runs_of_the_fixture():
    fixture = (ROOT / "crates/cli/tests/cli/bench.rs").read_text()
    pathlib.Path("small.toml").write_text(fixture.split('SMALL: &str = r#"')[1].split('"#;')[0])
    ablate("sweep", "small.toml")
    runs = ablate("query", "--columns", ",".join(["id", *PARAMS, *SCORES]), "--format", "csv")
    points = "SELECT * FROM curves WHERE name = 'valid_error' ORDER BY run, epoch"
    for point in ablate("sql", points, "--format", "csv"):
        run = next(run for run in runs if run["id"] == point["run"])
        run.setdefault("curve", []).append(float(point["value"]))
    return runs


def into_mlflow(runs):
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("small")
    for run in runs:
        with mlflow.start_run():
            mlflow.log_params({name: run[name] for name in PARAMS if run[name]})
            mlflow.log_metric("test_error", float(run["test_error"]))
            for epoch, value in enumerate(run["curve"], 1):
                mlflow.log_metric("valid_error", value, step=epoch)


def into_optuna(runs):
    study = optuna.create_study(study_name="study", storage="sqlite:///optuna.db")
    for run in runs:
        params = {name: run[name] for name in PARAMS if run[name]}
        params |= {name: int(params[name]) for name in ("depth", "seed")}
        whole = optuna.distributions.IntDistribution(0, 9)
        names = optuna.distributions.CategoricalDistribution
        choices = {"pretraining": ["none", "greedy"], "variant": ["denoising", "contractive"]}
        study.add_trial(optuna.trial.create_trial(
            params=params,
            distributions={name: names(choices[name]) if name in choices else whole for name in params},
            value=float(run["test_error"]),
            intermediate_values=dict(enumerate(run["curve"], 1)),
        ))
    return study


def into_wandb(runs):
    for run in runs[:2]:
        with wandb.init(project="small", dir=".", settings=wandb.Settings(silent=True)) as logged:
            logged.config.update({name: run[name] for name in PARAMS if run[name]})
            for value in run["curve"]:
                logged.log({"valid_error": value})
            logged.summary["test_error"] = float(run["test_error"])
    assert len(list(pathlib.Path("wandb").glob("offline-run-*/run-*.wandb"))) == 2
    takes = inspect.signature(wandb.Api.runs).parameters
    assert {"path", "filters", "order"} <= set(takes), takes
    run = wandb.apis.public.Run
    assert "keys" in inspect.signature(run.scan_history).parameters
    assert "samples" in inspect.signature(run.history).parameters
    assert callable(run.update)


def parts(block):
    """The parts of a block of the page, each under a comment that begins with its tool's name."""
    found = re.split(r"^(?=# (?:MLflow|W&B|Optuna))", block, flags=re.MULTILINE)
    return {part.split()[1].strip(":;'s"): part for part in found if part.strip()}


def value_of(code, names):
    """Runs `code`; the value of its last line, if that is an expression."""
    try:
        head, last = code.rstrip().rsplit("\n", 1) if "\n" in code.rstrip() else ("", code)
        compiled = compile(last, "<page>", "eval")
    except SyntaxError:
        statements = re.split(r"\n(?=\S)", code.rstrip())
        head, last = "\n".join(statements[:-1]), statements[-1]
        try:
            compiled = compile(last, "<page>", "eval")
        except SyntaxError:
            exec(code, names)
            return None
    exec(head, names)
    return eval(compiled, names)


def main():
    page = (ROOT / "crates/cli/QUESTIONS.md").read_text()
    os.environ["ABLATE_DB"] = "store.db"
    runs = runs_of_the_fixture()
    into_mlflow(runs)
    into_wandb(runs)
    study = into_optuna(runs)
    names = globals() | {"client": mlflow.MlflowClient(), "study": study}
    names["df"] = study.trials_dataframe()
    for refused in ["params.depth >= '2'", "params.depth = '1' OR params.depth = '2'"]:
        try:
            mlflow.search_runs(experiment_names=["small"], filter_string=refused)
            sys.exit(f"MLflow takes {refused!r} by now: the page says that it does not")
        except mlflow.exceptions.MlflowException:
            pass
    for question in page.split("\n## ")[1:]:
        title = question.splitlines()[0]
        command = question.split("```console\n")[1].split("```")[0].strip().splitlines()
        for line in command:
            words = shlex.split(line)[2:]
            ours = ablate(*words, *(["--format", "csv"] if words[0] in ("query", "sql") else []))
        print(f"{title}\n  ablate: {len(ours)} rows")
        if "```python" not in question:
            continue
        for tool, code in parts(question.split("```python\n")[1].split("```")[0]).items():
            if tool == "W&B":
                compile(code, "<page>", "exec")
                continue
            found = value_of(code, names)
            print(f"  {tool}: {'see above' if found is None else f'{len(found)} rows'}")
            assert found is None or len(found) == len(ours), (title, tool)
    sql = page.split("```sql\n")[1].split("```")[0]
    for row in sqlite3.connect("mlflow.db").execute(sql):
        print("  MLflow's tables:", *row)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    main()
