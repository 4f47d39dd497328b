-- Schema 5: what people say of runs. A run is archived to be out of sight, and stays what it is.

ALTER TABLE run ADD COLUMN note TEXT;
ALTER TABLE run ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1));
CREATE INDEX run_archived ON run (id) WHERE archived = 1;

CREATE TABLE tag (
    key INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    name TEXT NOT NULL,
    UNIQUE (run, name)
) STRICT;
CREATE INDEX tag_name ON tag (name, run);
