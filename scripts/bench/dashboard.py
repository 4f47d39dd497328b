"""Looks at dashboards as a browser does, for dashboard.sh.

    dashboard.py fill mlflow|optuna FILE RUNS    stores runs of 10 parameters and 10 metrics
    dashboard.py views ROUNDS FOLDER PID PID PID seconds, bytes and memory of the three first views
    dashboard.py watch                           follows the page of a sweep until it is stopped

A view counts as usable when more than five rows of runs stand on the screen and can be read; a picture of
that moment goes into FOLDER. Each round opens all three, in turns, in a browser without a cache. The servers
have answered once before.
"""

import os
import random
import statistics
import sys
import time
import urllib.request

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"


def fill(peer, path, runs):
    draw = random.Random(0)
    if peer == "mlflow":
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param

        client = MlflowClient(f"sqlite:///{path}")
        experiment = client.create_experiment("bench")
        for _ in range(runs):
            run = client.create_run(experiment).info.run_id
            params = [Param(f"p{i}", str(draw.randrange(10))) for i in range(10)]
            metrics = [Metric(f"m{i}", draw.random(), 0, 0) for i in range(10)]
            client.log_batch(run, metrics, params)
            client.set_terminated(run)
    else:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(path))
        study = optuna.create_study(storage=storage, study_name="bench")
        whole = {f"p{i}": optuna.distributions.IntDistribution(0, 9) for i in range(10)}
        trials = [
            optuna.trial.create_trial(
                params={name: draw.randrange(10) for name in whole},
                distributions=whole,
                value=draw.random(),
                user_attrs={f"m{i}": draw.random() for i in range(10)},
            )
            for _ in range(runs)
        ]
        study.add_trials(trials)


# What is opened, and the cells of the rows that are to be read.
VIEWS = {
    "ablate": ("http://127.0.0.1:8201/runs", "table.sheet tbody tr th a"),
    "MLflow": ("http://127.0.0.1:8202/#/experiments/1/runs", "[role=row] a[href*='/runs/']"),
    "Optuna": ("http://127.0.0.1:8203/dashboard/studies/0/trials", "li [role=button]"),
}
# Whether more than five of them stand on the screen, with words in them, and have been painted.
USABLE = """(cells) => new Promise((told) => {
    const stands = (cell) => {
        const { top, bottom, width } = cell.getBoundingClientRect();
        return width > 0 && top >= 0 && bottom <= innerHeight && cell.innerText.trim() !== "";
    };
    const found = [...document.querySelectorAll(cells)].filter(stands);
    if (new Set(found.map((cell) => cell.getBoundingClientRect().top)).size <= 5) return told(false);
    requestAnimationFrame(() => requestAnimationFrame(() => told(true)));
})"""


def answers(address):
    for _ in range(600):
        try:
            urllib.request.urlopen(address.split("#")[0], timeout=60).read()
            return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"nothing answers at {address}")


def views(rounds, pictures, servers):
    from playwright.sync_api import sync_playwright

    for address, _ in VIEWS.values():
        answers(address)
    seconds = {name: [] for name in VIEWS}
    loaded = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for turn in range(rounds + 1):
            for name, (address, cells) in VIEWS.items():
                context = browser.new_context(viewport={"width": 1280, "height": 800})
                page = context.new_page()
                network = context.new_cdp_session(page)
                network.send("Network.enable")
                sizes = []
                network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
                began = time.perf_counter()
                page.goto(address, wait_until="commit", timeout=120_000)
                # Asked from outside, which no policy of a page forbids.
                while not page.evaluate(USABLE, cells):
                    if time.perf_counter() - began > 600:
                        sys.exit(f"{name} never shows rows at {address}")
                    page.wait_for_timeout(5)
                taken = time.perf_counter() - began
                # The first turn warms the servers.
                if turn > 0:
                    seconds[name].append(taken)
                else:
                    page.screenshot(path=f"{pictures}/dashboard-{name}.png", timeout=120_000)
                page.wait_for_timeout(1000)
                loaded[name] = sum(sizes)
                context.close()
        browser.close()
    ours = statistics.median(seconds["ablate"])
    for (name, times), server in zip(seconds.items(), servers):
        median = statistics.median(times)
        print(
            f"{name}: usable after {median:.3f} s ({min(times):.3f} to {max(times):.3f},"
            f" {median / ours:.1f} times ablate's), {loaded[name] / 1000:.0f} kB loaded,"
            f" at most {memory(server) / 1000:.0f} MB of memory",
            flush=True,
        )


def memory(process):
    """The most kB that a process and its children ever held, each by itself."""
    most = 0
    with open(f"/proc/{process}/status") as status:
        most += next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    with open(f"/proc/{process}/task/{process}/children") as children:
        return most + sum(memory(int(child)) for child in children.read().split())


def watch():
    """Does what the page's script does: loads the page anew whenever the store has changed."""
    base = "http://127.0.0.1:8204"
    answers(f"{base}/experiments")
    with urllib.request.urlopen(f"{base}/events") as events:
        for line in events:
            if line.startswith(b"data"):
                urllib.request.urlopen(f"{base}/experiment?name=watched").read()


match sys.argv[1:]:
    case ["fill", peer, path, runs]:
        fill(peer, path, int(runs))
    case ["views", rounds, pictures, *servers]:
        views(int(rounds), pictures, [int(server) for server in servers])
    case ["watch"]:
        watch()
    case _:
        sys.exit(__doc__)
