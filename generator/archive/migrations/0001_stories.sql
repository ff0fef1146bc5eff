-- A story, and the messages that show it. Discord's ids are kept as they are and mean nothing here.
CREATE TABLE stories (
    id          INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL,
    channel_id  INTEGER NOT NULL,
    thread_id   INTEGER,
    card_id     INTEGER,
    strip_id    INTEGER,
    author_id   INTEGER NOT NULL,
    subject     TEXT NOT NULL,
    style       TEXT NOT NULL,
    created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    cancelled   INTEGER NOT NULL DEFAULT 0,
    -- Set once every message that the story owes is posted; a new take clears it.
    settled     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX stories_unsettled ON stories (id) WHERE NOT settled;

-- Everybody who had a part in a story, by the name they bore then.
CREATE TABLE contributors (
    story_id   INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
    person_id  INTEGER NOT NULL,
    name       TEXT NOT NULL,
    PRIMARY KEY (story_id, person_id)
) STRICT, WITHOUT ROWID;

-- The scenes in their order.
CREATE TABLE frames (
    story_id   INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    scene      TEXT NOT NULL,
    author_id  INTEGER NOT NULL,
    PRIMARY KEY (story_id, position)
) STRICT, WITHOUT ROWID;

-- One drawing of a frame: what is to be drawn. Only the path and the message come later.
CREATE TABLE takes (
    id          INTEGER PRIMARY KEY,
    story_id    INTEGER NOT NULL,
    frame       INTEGER NOT NULL,
    parent_id   INTEGER REFERENCES takes,
    author_id   INTEGER NOT NULL,
    seed        INTEGER NOT NULL,
    recipe      TEXT NOT NULL CHECK (json_valid(recipe)),
    created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    path        TEXT,
    message_id  INTEGER,
    FOREIGN KEY (story_id, frame) REFERENCES frames ON DELETE CASCADE,
    FOREIGN KEY (story_id, author_id) REFERENCES contributors
) STRICT;

CREATE INDEX takes_of_story ON takes (story_id);
CREATE INDEX takes_of_parent ON takes (parent_id) WHERE parent_id IS NOT NULL;

-- The work of drawing a take: how it stands.
CREATE TABLE jobs (
    take_id      INTEGER PRIMARY KEY REFERENCES takes ON DELETE CASCADE,
    state        TEXT NOT NULL DEFAULT 'queued'
                 CHECK (state IN ('queued', 'drawing', 'drawn', 'failed', 'cancelled')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    failure      TEXT,
    device       TEXT,
    started_at   TEXT,
    finished_at  TEXT,
    seconds      REAL,
    engine       TEXT CHECK (engine IS NULL OR json_valid(engine))
) STRICT;

CREATE INDEX jobs_pending ON jobs (take_id) WHERE state IN ('queued', 'drawing');

-- Small things to remember between two starts.
CREATE TABLE notes (
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
