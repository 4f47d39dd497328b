-- Schema 2: the files of a run.

-- `file` is a path in the folder of artifacts beside the store; runs that share a pretrained layer
-- name the same file. `reused` says that the run found it there.
CREATE TABLE artifact (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    role TEXT NOT NULL,
    file TEXT NOT NULL,
    hash TEXT NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    reused INTEGER NOT NULL CHECK (reused IN (0, 1)),
    PRIMARY KEY (run, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX artifact_file ON artifact (file);
