-- What is asked of the devices: all that still waits, and the rest of the last 24 hours. It does not grow with
-- the archive, and forgets nothing when a story is deleted. Triggers keep it, whoever writes takes and jobs.
CREATE TABLE work (
    id         INTEGER PRIMARY KEY,
    take_id    INTEGER NOT NULL,  -- may be used again once the take is deleted
    story_id   INTEGER NOT NULL,
    guild_id   INTEGER NOT NULL,
    person_id  INTEGER NOT NULL,
    weight     REAL NOT NULL DEFAULT 1.0,  -- the person's share of the server's turns
    telling    INTEGER NOT NULL,  -- whether it is of the first telling of the person's own story
    asked_at   TEXT NOT NULL,
    open       INTEGER NOT NULL DEFAULT 1  -- until it is drawn
) STRICT;

CREATE UNIQUE INDEX work_open ON work (take_id) WHERE open;
CREATE INDEX work_open_of_guild ON work (guild_id, story_id, person_id) WHERE open;
CREATE INDEX work_open_of_person ON work (person_id, guild_id, telling, story_id) WHERE open;
CREATE INDEX work_of_person ON work (guild_id, person_id, asked_at);
CREATE INDEX work_of_guild ON work (guild_id, asked_at);
CREATE INDEX work_by_time ON work (asked_at) WHERE NOT open;

INSERT INTO work (take_id, story_id, guild_id, person_id, telling, asked_at, open)
SELECT takes.id, story_id, guild_id, takes.author_id, parent_id IS NULL AND takes.author_id = stories.author_id,
       takes.created_at, state != 'drawn'
FROM takes JOIN jobs ON take_id = takes.id JOIN stories ON stories.id = story_id
WHERE state IN ('queued', 'drawing')
   OR (state = 'drawn' AND takes.created_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day'));

CREATE TRIGGER work_is_asked_for AFTER INSERT ON takes BEGIN
    DELETE FROM work WHERE NOT open AND asked_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day');
    INSERT INTO work (take_id, story_id, guild_id, person_id, telling, asked_at)
    SELECT NEW.id, id, guild_id, NEW.author_id, NEW.parent_id IS NULL AND NEW.author_id = author_id,
           NEW.created_at
    FROM stories WHERE id = NEW.story_id;
END;

CREATE TRIGGER work_is_done AFTER UPDATE OF state ON jobs WHEN NEW.state = 'drawn' BEGIN
    UPDATE work SET open = 0 WHERE take_id = NEW.take_id AND open;
END;

-- What was not drawn does not count.
CREATE TRIGGER work_is_given_up AFTER UPDATE OF state ON jobs WHEN NEW.state IN ('failed', 'cancelled') BEGIN
    DELETE FROM work WHERE take_id = NEW.take_id AND open;
END;

CREATE TRIGGER work_is_deleted AFTER DELETE ON jobs BEGIN
    DELETE FROM work WHERE take_id = OLD.take_id AND open;
END;
