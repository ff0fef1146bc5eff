-- What the safety model made of a picture, and whether moderators have hidden it.
ALTER TABLE takes ADD COLUMN verdict TEXT CHECK (verdict IS NULL OR json_valid(verdict));
ALTER TABLE takes ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;

-- Who may not use the bot in a server. A ban outlasts a member's wish to be forgotten, without their name.
CREATE TABLE bans (
    guild_id   INTEGER NOT NULL,
    person_id  INTEGER NOT NULL,
    name       TEXT NOT NULL,
    reason     TEXT NOT NULL,
    by_id      INTEGER NOT NULL,
    by_name    TEXT NOT NULL,
    banned_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (guild_id, person_id)
) STRICT, WITHOUT ROWID;

-- What members have said about a picture. Each is handled once; its message shows how.
CREATE TABLE reports (
    id             INTEGER PRIMARY KEY,
    take_id        INTEGER NOT NULL REFERENCES takes ON DELETE CASCADE,
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

CREATE INDEX reports_unposted ON reports (id) WHERE message_id IS NULL;

-- Who moderated what: a row an act, by the names they bore then.
CREATE TABLE acts (
    id         INTEGER PRIMARY KEY,
    guild_id   INTEGER NOT NULL,
    by_id      INTEGER NOT NULL,
    by_name    TEXT NOT NULL,
    act        TEXT NOT NULL,
    person_id  INTEGER,
    subject    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    acted_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE INDEX acts_of_guild ON acts (guild_id, id);

-- What is left of something deleted, and still to be removed: files here, words in files that stay, messages
-- and threads in Discord.
-- Written as the rows go, so that a killed process's work is finished by the next.
CREATE TABLE remains (
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('file', 'words', 'message', 'thread')),
    path        TEXT,
    guild_id    INTEGER,
    channel_id  INTEGER,
    message_id  INTEGER
) STRICT;
