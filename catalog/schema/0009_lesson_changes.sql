-- Whoever follows the lessons asks for what has changed since a number. The triggers below count, so that no change can be
-- forgotten.
ALTER TABLE lessons ADD COLUMN change INTEGER NOT NULL DEFAULT 0;          -- changes.number at its last change; 0: before there were such numbers
CREATE INDEX lessons_by_change ON lessons (change);
ALTER TABLE changes ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;       -- removals up to this number are not known any more

CREATE TABLE removed_lessons (
    change INTEGER PRIMARY KEY,              -- changes.number at the removal
    lesson_id INTEGER NOT NULL
);

CREATE TRIGGER lessons_count_new AFTER INSERT ON lessons BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
    UPDATE lessons SET change = (SELECT number FROM changes WHERE id = 1) WHERE id = new.id;
END;
CREATE TRIGGER lessons_count_changed AFTER UPDATE ON lessons WHEN new.change = old.change BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
    UPDATE lessons SET change = (SELECT number FROM changes WHERE id = 1) WHERE id = new.id;
END;
CREATE TRIGGER lessons_count_removed AFTER DELETE ON lessons BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
    INSERT INTO removed_lessons SELECT number, old.id FROM changes WHERE id = 1;
    UPDATE changes SET forgotten = coalesce((SELECT change FROM removed_lessons ORDER BY change DESC LIMIT 1 OFFSET 1000), forgotten)
        WHERE id = 1;
    DELETE FROM removed_lessons WHERE change <= (SELECT forgotten FROM changes WHERE id = 1);
END;

-- What belongs to a lesson. A job's state is counted in the lesson's row anyway (0005).
CREATE TRIGGER jobs_count_progress AFTER UPDATE OF progress_permille ON jobs WHEN old.progress_permille <> new.progress_permille BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
    UPDATE lessons SET change = (SELECT number FROM changes WHERE id = 1) WHERE id = new.lesson_id;
END;
CREATE TRIGGER chunks_count_new AFTER INSERT ON chunks BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
    UPDATE lessons SET change = (SELECT number FROM changes WHERE id = 1)
        WHERE id = (SELECT lesson_id FROM renditions WHERE id = new.rendition_id);
END;
CREATE TRIGGER renditions_count_changed AFTER UPDATE ON renditions BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
    UPDATE lessons SET change = (SELECT number FROM changes WHERE id = 1) WHERE id = new.lesson_id;
END;
CREATE TRIGGER events_count_new AFTER INSERT ON events BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
    UPDATE lessons SET change = (SELECT number FROM changes WHERE id = 1) WHERE id = new.lesson_id;
END;

CREATE TRIGGER uploads_count_new AFTER INSERT ON uploads BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
END;
CREATE TRIGGER uploads_count_changed AFTER UPDATE OF user, received_bytes, lesson_id ON uploads BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
END;
CREATE TRIGGER uploads_count_removed AFTER DELETE ON uploads BEGIN
    UPDATE changes SET number = number + 1 WHERE id = 1;
END;
