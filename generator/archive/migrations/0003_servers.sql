-- What a server has decided for itself. What it has not decided is not here, and follows the defaults.
CREATE TABLE servers (
    guild_id  INTEGER PRIMARY KEY,
    settings  TEXT NOT NULL CHECK (json_valid(settings))
) STRICT;

-- Who decided it: a row a setting, by the name they bore then.
CREATE TABLE server_changes (
    id           INTEGER PRIMARY KEY,
    guild_id     INTEGER NOT NULL,
    person_id    INTEGER NOT NULL,
    person_name  TEXT NOT NULL,
    changed_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    setting      TEXT NOT NULL,
    before       TEXT NOT NULL CHECK (json_valid(before)),
    after        TEXT NOT NULL CHECK (json_valid(after))
) STRICT;

CREATE INDEX server_changes_of_guild ON server_changes (guild_id, id);

-- What a member's stories are drawn with, in every server.
CREATE TABLE member_defaults (
    person_id  INTEGER PRIMARY KEY,
    defaults   TEXT NOT NULL CHECK (json_valid(defaults))
) STRICT;
