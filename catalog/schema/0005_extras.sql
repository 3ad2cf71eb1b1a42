-- A lesson is READY without its optional renditions (AV1 beside H.264). Jobs of rank 10 and above are optional
-- (SQL_OPTIONAL_RANK). Columns and events say "extra" for "optional".
ALTER TABLE renditions ADD COLUMN extra INTEGER NOT NULL DEFAULT 0;     -- 1: the lesson is READY without it; only optional jobs make it
UPDATE renditions SET extra = 1 WHERE kind = 0 AND name GLOB 'av[0-9]*';

ALTER TABLE lessons ADD COLUMN extras_made INTEGER NOT NULL DEFAULT 0;  -- count of its optional renditions that have all their chunks
ALTER TABLE lessons ADD COLUMN extra_left INTEGER NOT NULL DEFAULT 0;   -- cost of its queued and leased optional jobs; part of work_left

UPDATE lessons SET
    extras_made = (SELECT count(*) FROM renditions r WHERE r.lesson_id = lessons.id AND r.revision = lessons.revision
        AND r.extra = 1 AND r.chunk_count = (SELECT count(*) FROM chunks c WHERE c.rendition_id = r.id)),
    extra_left = (SELECT coalesce(sum(j.cost), 0) FROM jobs j WHERE j.lesson_id = lessons.id AND j.rank >= 10 AND j.state IN (0, 1));

DROP TRIGGER jobs_inserted;
DROP TRIGGER jobs_changed;
DROP TRIGGER jobs_deleted;
CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
    UPDATE lessons SET
        queued_jobs = queued_jobs + (new.state = 0),
        work_left = work_left + new.cost * (new.state IN (0, 1)),
        extra_left = extra_left + new.cost * (new.state IN (0, 1) AND new.rank >= 10)
    WHERE id = new.lesson_id;
END;
CREATE TRIGGER jobs_changed AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
    UPDATE lessons SET
        queued_jobs = queued_jobs - (old.state = 0) + (new.state = 0),
        work_left = work_left - old.cost * (old.state IN (0, 1)) + new.cost * (new.state IN (0, 1)),
        extra_left = extra_left - old.cost * (old.state IN (0, 1) AND old.rank >= 10)
            + new.cost * (new.state IN (0, 1) AND new.rank >= 10)
    WHERE id = new.lesson_id;
END;
CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs BEGIN
    UPDATE lessons SET
        queued_jobs = queued_jobs - (old.state = 0),
        work_left = work_left - old.cost * (old.state IN (0, 1)),
        extra_left = extra_left - old.cost * (old.state IN (0, 1) AND old.rank >= 10)
    WHERE id = old.lesson_id;
END;
