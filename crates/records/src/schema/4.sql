-- Schema 4: hashes that make damage and differences visible, and runs from elsewhere.

-- Over what an ended run came to, and nothing of where and when: equal runs, equal hashes.
ALTER TABLE run ADD COLUMN content_hash TEXT;

-- A hash of the row `key` of the table `name`, renewed in every transaction that changes the row.
CREATE TABLE seal (
    name TEXT NOT NULL,
    key INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;

-- For a session that imported a file of runs: the file's name and SHA-256.
ALTER TABLE session ADD COLUMN imported_file TEXT;
ALTER TABLE session ADD COLUMN imported_hash TEXT;

-- Only rows with a number can be watched and sealed, so artifacts get one.
CREATE TABLE artifact_of_schema_4 (
    key INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    role TEXT NOT NULL,
    file TEXT NOT NULL,
    hash TEXT NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    reused INTEGER NOT NULL CHECK (reused IN (0, 1)),
    UNIQUE (run, role)
) STRICT;
INSERT INTO artifact_of_schema_4 (run, role, file, hash, bytes, reused)
SELECT run, role, file, hash, bytes, reused FROM artifact ORDER BY run, role;
DROP TABLE artifact;
ALTER TABLE artifact_of_schema_4 RENAME TO artifact;
CREATE INDEX artifact_file ON artifact (file);
