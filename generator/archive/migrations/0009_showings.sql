-- The messages that show a story again, wherever: they are taken away once something in them may not be shown.
CREATE TABLE showings (
    message_id  INTEGER PRIMARY KEY,
    channel_id  INTEGER NOT NULL,
    story_id    INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE
) STRICT;

CREATE INDEX showings_of_story ON showings (story_id);
