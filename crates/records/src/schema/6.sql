-- Schema 6: metrics of a run relative to its baseline, which `pairs` computes.

-- `groups` is a JSON array of arrays of names of metrics; `minus` is such a name.
CREATE TABLE relative_metric (
    position INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    unit TEXT NOT NULL,
    direction TEXT NOT NULL,
    summary TEXT NOT NULL,
    groups TEXT NOT NULL CHECK (json_type(groups) = 'array'),
    minus TEXT
) STRICT;
