-- A number is given once. Buttons, files and drawing processes know things by their numbers, also when these have just been
-- deleted: a new take with the number of one that was stopped would be stopped too, and nobody would hear of it.

DROP TRIGGER work_is_asked_for;

CREATE TABLE numbered_stories (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id      INTEGER NOT NULL,
    channel_id    INTEGER NOT NULL,
    thread_id     INTEGER,
    card_id       INTEGER,
    strip_id      INTEGER,
    author_id     INTEGER NOT NULL,
    subject       TEXT NOT NULL,
    style         TEXT NOT NULL,
    created_at    TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    cancelled     INTEGER NOT NULL DEFAULT 0,
    -- Set once every message that the story owes is posted; a new take clears it.
    settled       INTEGER NOT NULL DEFAULT 0,
    version       INTEGER NOT NULL DEFAULT 0,
    strip_posted  TEXT,
    growing       INTEGER NOT NULL DEFAULT 0,
    place_id      INTEGER
) STRICT;

CREATE TABLE numbered_frames (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    story_id    INTEGER NOT NULL REFERENCES numbered_stories ON DELETE CASCADE,
    -- From 0; NULL once its scene was taken back.
    position    INTEGER,
    author_id   INTEGER NOT NULL,
    -- Drawn takes: the one that stands for the frame, and the one that its message is turned to.
    chosen_id   INTEGER REFERENCES numbered_takes ON DELETE SET NULL,
    shown_id    INTEGER REFERENCES numbered_takes ON DELETE SET NULL,
    message_id  INTEGER,
    posted      TEXT,
    UNIQUE (story_id, position),
    FOREIGN KEY (story_id, author_id) REFERENCES contributors
) STRICT;

CREATE TABLE numbered_takes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    story_id    INTEGER NOT NULL REFERENCES numbered_stories ON DELETE CASCADE,
    frame_id    INTEGER NOT NULL REFERENCES numbered_frames ON DELETE CASCADE,
    scene       TEXT NOT NULL,
    parent_id   INTEGER REFERENCES numbered_takes ON DELETE SET NULL,
    author_id   INTEGER NOT NULL,
    -- Whether it stands for its frame as soon as it is drawn.
    chooses     INTEGER NOT NULL DEFAULT 1,
    seed        INTEGER NOT NULL,
    recipe      TEXT NOT NULL CHECK (json_valid(recipe)),
    created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    path        TEXT,
    verdict     TEXT CHECK (verdict IS NULL OR json_valid(verdict)),
    hidden      INTEGER NOT NULL DEFAULT 0,
    origin_id   INTEGER,
    FOREIGN KEY (story_id, author_id) REFERENCES contributors
) STRICT;

CREATE TABLE numbered_characters (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id    INTEGER NOT NULL,
    owner_name  TEXT NOT NULL,
    -- NULL for the owner's own.
    guild_id    INTEGER,
    name        TEXT NOT NULL,
    -- The name as names are compared.
    key         TEXT NOT NULL,
    subject     TEXT NOT NULL,
    style       TEXT NOT NULL,
    model       TEXT NOT NULL,
    seed        INTEGER NOT NULL,
    -- The take that shows it, as long as that is there.
    take_id     INTEGER REFERENCES numbered_takes ON DELETE SET NULL,
    kept_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE numbered_reports (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    take_id        INTEGER NOT NULL REFERENCES numbered_takes ON DELETE CASCADE,
    guild_id       INTEGER NOT NULL,
    reporter_id    INTEGER NOT NULL,
    reporter_name  TEXT NOT NULL,
    reason         TEXT NOT NULL,
    reported_at    TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    channel_id     INTEGER,
    message_id     INTEGER,
    outcome        TEXT CHECK (outcome IN ('hidden', 'deleted', 'banned', 'dismissed')),
    handler_id     INTEGER,
    handler_name   TEXT,
    UNIQUE (take_id, reporter_id)
) STRICT;

INSERT INTO numbered_stories SELECT * FROM stories;
INSERT INTO numbered_frames SELECT * FROM frames;
INSERT INTO numbered_takes SELECT * FROM takes;
INSERT INTO numbered_characters SELECT * FROM characters;
INSERT INTO numbered_reports SELECT * FROM reports;

DROP TABLE reports;
DROP TABLE characters;
DROP TABLE takes;
DROP TABLE frames;
DROP TABLE stories;
ALTER TABLE numbered_stories RENAME TO stories;
ALTER TABLE numbered_frames RENAME TO frames;
ALTER TABLE numbered_takes RENAME TO takes;
ALTER TABLE numbered_characters RENAME TO characters;
ALTER TABLE numbered_reports RENAME TO reports;

CREATE INDEX stories_unsettled ON stories (id) WHERE NOT settled;
CREATE INDEX stories_of_thread ON stories (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX frames_chosen ON frames (chosen_id) WHERE chosen_id IS NOT NULL;
CREATE INDEX frames_shown ON frames (shown_id) WHERE shown_id IS NOT NULL;
CREATE INDEX takes_of_story ON takes (story_id);
CREATE INDEX takes_of_frame ON takes (frame_id);
CREATE INDEX takes_of_parent ON takes (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX takes_of_origin ON takes (origin_id) WHERE origin_id IS NOT NULL;
CREATE UNIQUE INDEX characters_of_person ON characters (owner_id, key) WHERE guild_id IS NULL;
CREATE UNIQUE INDEX characters_of_guild ON characters (guild_id, key) WHERE guild_id IS NOT NULL;
CREATE INDEX characters_of_take ON characters (take_id) WHERE take_id IS NOT NULL;
CREATE INDEX reports_unposted ON reports (id) WHERE message_id IS NULL;

CREATE TRIGGER work_is_asked_for AFTER INSERT ON takes BEGIN
    DELETE FROM work WHERE NOT open AND asked_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day');
    INSERT INTO work (take_id, story_id, guild_id, person_id, telling, asked_at)
    SELECT NEW.id, id, guild_id, NEW.author_id, NEW.parent_id IS NULL AND NEW.author_id = author_id,
           NEW.created_at
    FROM stories WHERE id = NEW.story_id;
END;
