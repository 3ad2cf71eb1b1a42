-- Small pictures for the seek bar.
ALTER TABLE lessons ADD COLUMN storyboard_sheets INTEGER NOT NULL DEFAULT 0; -- count of storyboard-0.jpg and on, beside storyboard.vtt; 0 none
