"""Stores runs in MLflow's SQLite store and asks for the best 20, for store.sh.

    store_mlflow.py fill FILE RUNS POINTS    seconds to store them
    store_mlflow.py search FILE              seconds of one search, the program's start not counted

Each run is written by the fewest calls that MLflow has: `create_run`, `log_batch` with all parameters
and up to 1000 points at a time, and `set_terminated`. Of two searches the second counts.
"""

import logging
import os
import random
import sys
import time

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"

import mlflow
from mlflow.entities import Metric, Param

logging.disable(logging.WARNING)
command, path = sys.argv[1:3]
mlflow.set_tracking_uri(f"sqlite:///{path}")
client = mlflow.MlflowClient()


def fill(runs, points):
    experiment = client.create_experiment("bench")
    draw = random.Random(0)
    began = time.perf_counter()
    for _ in range(runs):
        run = client.create_run(experiment).info.run_id
        params = [Param(f"p{i}", str(draw.randrange(10))) for i in range(10)]
        metrics = [
            Metric(f"m{i}", draw.random(), 0, step) for step in range(max(points, 1)) for i in range(10)
        ]
        for start in range(0, len(metrics), 1000):
            client.log_batch(run, metrics[start : start + 1000], params if start == 0 else [])
        client.set_terminated(run)
    print(f"{time.perf_counter() - began:.4f}")


def search():
    experiment = client.get_experiment_by_name("bench").experiment_id
    for _ in range(2):
        began = time.perf_counter()
        # MLflow compares parameters as texts: equal, unequal or alike.
        found = mlflow.search_runs(
            [experiment],
            filter_string="metrics.m0 < 0.5 and params.p0 != '0'",
            order_by=["metrics.m1 ASC"],
            max_results=20,
        )
        seconds = time.perf_counter() - began
    assert len(found) == 20, len(found)
    print(f"{seconds:.4f}")


fill(*map(int, sys.argv[3:5])) if command == "fill" else search()
