-- The stories that were told to their end, a row each: what a server's gallery pages through. A story goes in
-- once; what changes in it later is brought up to date when it is settled again.
CREATE TABLE gallery (
    story_id    INTEGER PRIMARY KEY REFERENCES stories ON DELETE CASCADE,
    guild_id    INTEGER NOT NULL,
    author_id   INTEGER NOT NULL,
    -- Where it was told, which decides who may see it.
    place_id    INTEGER NOT NULL,
    -- The day, in UTC.
    told_on     TEXT NOT NULL,
    -- The message in the server's gallery channel, if it had one when the story was told.
    channel_id  INTEGER,
    message_id  INTEGER,
    posted      TEXT
) STRICT;

CREATE INDEX gallery_of_guild ON gallery (guild_id, story_id);
CREATE INDEX gallery_of_author ON gallery (guild_id, author_id, story_id);
CREATE INDEX gallery_by_day ON gallery (guild_id, told_on, story_id);

-- Who a story is about, in words that can be searched: ideographs apart, and the server among them.
CREATE VIRTUAL TABLE gallery_words USING fts5 (words, detail = full, prefix = '1 2 3');

CREATE TRIGGER gallery_words_go AFTER DELETE ON gallery BEGIN
    DELETE FROM gallery_words WHERE rowid = OLD.story_id;
END;

CREATE TABLE favourites (
    person_id  INTEGER NOT NULL,
    guild_id   INTEGER NOT NULL,
    story_id   INTEGER NOT NULL REFERENCES gallery ON DELETE CASCADE,
    PRIMARY KEY (person_id, guild_id, story_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX favourites_of_story ON favourites (story_id);

-- What a gallery was filtered by, since a button's id is too short for it.
CREATE TABLE gallery_filters (
    id      INTEGER PRIMARY KEY,
    filter  TEXT NOT NULL UNIQUE CHECK (json_valid(filter))
) STRICT;

INSERT INTO gallery (story_id, guild_id, author_id, place_id, told_on)
SELECT id, guild_id, author_id, channel_id, substr(created_at, 1, 10) FROM stories
WHERE settled AND NOT cancelled AND NOT growing AND strip_id IS NOT NULL;

-- Stories from before the gallery are found by their words once they are settled again.
INSERT INTO gallery_words (rowid, words)
SELECT story_id, 'guild' || gallery.guild_id || ' ' || subject FROM gallery JOIN stories ON id = story_id;
