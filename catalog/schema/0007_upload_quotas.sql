-- Unfinished uploads expire when nothing has come for a long time. That time is counted while a node runs, and not by
-- the clock, which may be wrong or be set.
ALTER TABLE uploads ADD COLUMN received_bytes INTEGER NOT NULL DEFAULT 0;  -- at the last sync, or the last answer
ALTER TABLE uploads ADD COLUMN idle_ms INTEGER NOT NULL DEFAULT 0;         -- since bytes came last

-- Has all that the sums over unfinished uploads need.
CREATE INDEX uploads_promised ON uploads (lesson_id, user, idle_ms, total_bytes, received_bytes);
