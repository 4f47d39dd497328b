-- Schema 7: which arithmetic a run was made of, and an order of events that no clock can turn round.

-- For a process that trains: who made the processor, the widest vectors that its products are computed
-- in (they decide the order of sums, so the bits), and the SHA-256 of the program's file.
ALTER TABLE session ADD COLUMN cpu_vendor TEXT;
ALTER TABLE session ADD COLUMN simd TEXT;
ALTER TABLE session ADD COLUMN binary TEXT;

-- Stamps, see `stamp.rs`: milliseconds since 1970, or one more than the greatest in the store. Times
-- that were written before are all that is known of the order of what was.
ALTER TABLE experiment ADD COLUMN swept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN ended INTEGER;
UPDATE experiment SET swept = coalesce(CAST(round(unixepoch(last_swept, 'subsec') * 1000) AS INTEGER), 0);
UPDATE run SET begun = coalesce(CAST(round(unixepoch(started_at, 'subsec') * 1000) AS INTEGER), 0),
    ended = CASE WHEN ended_at IS NOT NULL
        THEN coalesce(CAST(round(unixepoch(ended_at, 'subsec') * 1000) AS INTEGER), 0) END;
CREATE INDEX run_begun ON run (begun);
CREATE INDEX run_ended ON run (ended);
