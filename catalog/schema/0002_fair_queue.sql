-- For the fair queue (catalog/fair_queue.h): priority and pause of lessons, and the work that each submitter had.

ALTER TABLE lessons ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;     -- enum catalog_priority
ALTER TABLE lessons ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;       -- 1: no job of it starts; running jobs go on
-- The triggers below keep these two counters, so the queue need not read all jobs.
ALTER TABLE lessons ADD COLUMN queued_jobs INTEGER NOT NULL DEFAULT 0;  -- count of its queued jobs
ALTER TABLE lessons ADD COLUMN work_left INTEGER NOT NULL DEFAULT 0;    -- cost of its queued and leased jobs
CREATE INDEX lessons_at_work ON lessons (work_left);

UPDATE lessons SET
    queued_jobs = (SELECT count(*) FROM jobs j WHERE j.lesson_id = lessons.id AND j.state = 0),
    work_left = (SELECT coalesce(sum(j.cost), 0) FROM jobs j WHERE j.lesson_id = lessons.id AND j.state IN (0, 1));

CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
    UPDATE lessons SET
        queued_jobs = queued_jobs + (new.state = 0),
        work_left = work_left + new.cost * (new.state IN (0, 1))
    WHERE id = new.lesson_id;
END;
CREATE TRIGGER jobs_changed AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
    UPDATE lessons SET
        queued_jobs = queued_jobs - (old.state = 0) + (new.state = 0),
        work_left = work_left - old.cost * (old.state IN (0, 1)) + new.cost * (new.state IN (0, 1))
    WHERE id = new.lesson_id;
END;
CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs BEGIN
    UPDATE lessons SET
        queued_jobs = queued_jobs - (old.state = 0),
        work_left = work_left - old.cost * (old.state IN (0, 1))
    WHERE id = old.lesson_id;
END;

-- It may be lost. Then all submitters start again as equals.
CREATE TABLE submitters (
    name TEXT PRIMARY KEY,                   -- lessons.submitter
    clock INTEGER NOT NULL,                  -- fair_queue_submitter.clock
    aged INTEGER NOT NULL                    -- fair_queue_submitter.aged
) WITHOUT ROWID;

-- One row.
CREATE TABLE queue (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    clock INTEGER NOT NULL                   -- fair_queue.clock
);
INSERT INTO queue VALUES (1, 0);
