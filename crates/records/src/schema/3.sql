-- Schema 3: what probes find as a series over something else than epochs.

-- `at` and `series` are JSON arrays of one length; in `series`, null is NaN and 9e999 infinity.
CREATE TABLE profile (
    key INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    name TEXT NOT NULL,
    axis TEXT NOT NULL,
    at TEXT NOT NULL CHECK (json_type(at) = 'array'),
    series TEXT NOT NULL CHECK (json_array_length(series) = json_array_length(at)),
    UNIQUE (run, name)
) STRICT;
