-- Who may be in further stories: kept by a person for all their servers, or for everybody in one server.
CREATE TABLE characters (
    id          INTEGER PRIMARY KEY,
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
    take_id     INTEGER REFERENCES takes ON DELETE SET NULL,
    kept_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE UNIQUE INDEX characters_of_person ON characters (owner_id, key) WHERE guild_id IS NULL;
CREATE UNIQUE INDEX characters_of_guild ON characters (guild_id, key) WHERE guild_id IS NOT NULL;
CREATE INDEX characters_of_take ON characters (take_id) WHERE take_id IS NOT NULL;
