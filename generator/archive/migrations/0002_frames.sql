-- A frame gets a number of its own, so that scenes can be added, moved and taken back while their takes and
-- their message stay theirs; what is posted is noted, so that a look at a story tells what is out of date.

ALTER TABLE stories ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stories ADD COLUMN strip_posted TEXT;
ALTER TABLE stories ADD COLUMN growing INTEGER NOT NULL DEFAULT 0;

CREATE TABLE numbered_frames (
    id          INTEGER PRIMARY KEY,
    story_id    INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
    -- From 0; NULL once its scene was taken back.
    position    INTEGER,
    author_id   INTEGER NOT NULL,
    -- Drawn takes: the one that stands for the frame, and the one that its message is turned to.
    chosen_id   INTEGER REFERENCES takes ON DELETE SET NULL,
    shown_id    INTEGER REFERENCES takes ON DELETE SET NULL,
    message_id  INTEGER,
    posted      TEXT,
    UNIQUE (story_id, position),
    FOREIGN KEY (story_id, author_id) REFERENCES contributors
) STRICT;

INSERT INTO numbered_frames (story_id, position, author_id, message_id)
SELECT story_id, position, author_id,
       (SELECT message_id FROM takes JOIN jobs ON take_id = id
        WHERE takes.story_id = frames.story_id AND frame = position AND message_id IS NOT NULL
        ORDER BY state != 'drawn', id LIMIT 1)
FROM frames ORDER BY story_id, position;

CREATE TABLE framed_takes (
    id          INTEGER PRIMARY KEY,
    story_id    INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
    frame_id    INTEGER NOT NULL REFERENCES numbered_frames ON DELETE CASCADE,
    scene       TEXT NOT NULL,
    parent_id   INTEGER REFERENCES framed_takes ON DELETE SET NULL,
    author_id   INTEGER NOT NULL,
    -- Whether it stands for its frame as soon as it is drawn.
    chooses     INTEGER NOT NULL DEFAULT 1,
    seed        INTEGER NOT NULL,
    recipe      TEXT NOT NULL CHECK (json_valid(recipe)),
    created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    path        TEXT,
    FOREIGN KEY (story_id, author_id) REFERENCES contributors
) STRICT;

INSERT INTO framed_takes (id, story_id, frame_id, scene, parent_id, author_id, seed, recipe, created_at, path)
SELECT takes.id, takes.story_id, numbered_frames.id, frames.scene, takes.parent_id, takes.author_id,
       takes.seed, takes.recipe, takes.created_at, takes.path
FROM takes
JOIN frames ON frames.story_id = takes.story_id AND frames.position = takes.frame
JOIN numbered_frames ON numbered_frames.story_id = takes.story_id AND numbered_frames.position = takes.frame;

DROP TABLE takes;
DROP TABLE frames;
ALTER TABLE numbered_frames RENAME TO frames;
ALTER TABLE framed_takes RENAME TO takes;

CREATE INDEX takes_of_story ON takes (story_id);
CREATE INDEX takes_of_frame ON takes (frame_id);
CREATE INDEX takes_of_parent ON takes (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX frames_chosen ON frames (chosen_id) WHERE chosen_id IS NOT NULL;
CREATE INDEX frames_shown ON frames (shown_id) WHERE shown_id IS NOT NULL;
CREATE INDEX stories_of_thread ON stories (thread_id) WHERE thread_id IS NOT NULL;
