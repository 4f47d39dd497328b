-- Schema 1. Once released, this file never changes: later schemas are files of their own.
-- Tables are singular nouns; the views that people query are plural and made by `views.rs`.

CREATE TABLE session (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    started_at TEXT NOT NULL,
    version TEXT NOT NULL,
    git_commit TEXT,
    git_dirty TEXT,
    command TEXT NOT NULL,
    cpu TEXT,
    cores INTEGER,
    jobs INTEGER,
    os TEXT NOT NULL,
    host TEXT,
    pid INTEGER NOT NULL,
    process_started INTEGER,
    boot_id TEXT,
    pid_namespace TEXT
) STRICT;

CREATE TABLE experiment (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    question TEXT NOT NULL,
    text TEXT NOT NULL,
    overrides TEXT NOT NULL CHECK (json_type(overrides) = 'array'),
    hash TEXT NOT NULL,
    first_swept TEXT NOT NULL,
    last_swept TEXT NOT NULL
) STRICT;

-- A planned run need not have a row in `run` yet, so membership holds its id, not a reference.
CREATE TABLE experiment_run (
    experiment INTEGER NOT NULL REFERENCES experiment (key) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    run TEXT NOT NULL,
    PRIMARY KEY (experiment, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX experiment_run_run ON experiment_run (run, experiment);

-- What the catalogs of all sessions so far have declared, in the order in which they did.
CREATE TABLE parameter (
    position INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    type TEXT NOT NULL,
    summary TEXT NOT NULL
) STRICT;

CREATE TABLE metric (
    position INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    unit TEXT NOT NULL,
    direction TEXT NOT NULL,
    split TEXT NOT NULL,
    summary TEXT NOT NULL
) STRICT;

-- `baseline` is an id, not a reference: the baseline may be trained later, or never.
CREATE TABLE trial (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    params TEXT NOT NULL CHECK (json_type(params) = 'object'),
    baseline TEXT
) STRICT;

-- One column a parameter is added when a catalog declares it.
CREATE TABLE trial_params (
    trial INTEGER PRIMARY KEY REFERENCES trial (key) ON DELETE CASCADE
) STRICT;

CREATE TABLE run (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    trial INTEGER NOT NULL REFERENCES trial (key),
    seed INTEGER NOT NULL,
    data_checksum TEXT NOT NULL,
    training_version TEXT NOT NULL,
    state TEXT NOT NULL,
    current INTEGER NOT NULL CHECK (current IN (0, 1)),
    session INTEGER NOT NULL REFERENCES session (key),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    started_at TEXT NOT NULL,
    ended_at TEXT,
    seconds REAL CHECK (seconds >= 0),
    failure TEXT,
    failure_message TEXT,
    epochs INTEGER,
    best_epoch INTEGER,
    weights_hash TEXT,
    CHECK ((state = 'finished') = (weights_hash IS NOT NULL)),
    CHECK ((state = 'failed') = (failure IS NOT NULL)),
    CHECK ((state = 'running') = (ended_at IS NULL))
) STRICT;
CREATE INDEX run_state ON run (state);
CREATE INDEX run_session ON run (session);
CREATE INDEX run_trial_seed ON run (trial, seed);
CREATE UNIQUE INDEX run_current ON run (trial, seed) WHERE current = 1;

-- One column a metric is added when a catalog declares it.
CREATE TABLE score (
    run INTEGER PRIMARY KEY REFERENCES run (key) ON DELETE CASCADE
) STRICT;

-- `series` is a JSON array: element 0 is the value after epoch 1; null is NaN, 9e999 infinity.
CREATE TABLE curve (
    key INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    name TEXT NOT NULL,
    series TEXT NOT NULL CHECK (json_type(series) = 'array'),
    UNIQUE (run, name)
) STRICT;
