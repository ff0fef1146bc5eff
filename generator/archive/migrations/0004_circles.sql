-- A story told together: the rules' state, and the messages that only such a story has. Whose it is, is its
-- story's author; who wrote what, are its frames' authors. People are contributors of the story; who is
-- forgotten there has no part in this any more.
CREATE TABLE circles (
    story_id       INTEGER PRIMARY KEY REFERENCES stories ON DELETE CASCADE,
    mode           TEXT NOT NULL CHECK (mode IN ('open', 'turns', 'vote')),
    phase          TEXT NOT NULL CHECK (phase IN ('writing', 'voting', 'counting', 'closed')),
    -- How long a turn, the proposing and the voting last.
    minutes        INTEGER NOT NULL,
    turn_id        INTEGER,
    missed         INTEGER NOT NULL DEFAULT 0,
    deadline       TEXT,
    news           TEXT,
    poll_id        INTEGER,
    -- What its frames have in common: a recipe without a scene.
    recipe         TEXT NOT NULL CHECK (json_valid(recipe)),
    window_length  INTEGER NOT NULL,
    -- The earlier story that it continues, and the last of the frames that came from there.
    continues_id   INTEGER REFERENCES stories ON DELETE SET NULL,
    carried_id     INTEGER,
    prelude_id     INTEGER,
    -- The message with the buttons, which follows the newest frame; and how many there have been.
    prompt_id      INTEGER,
    prompt_posted  TEXT,
    prompts        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX circles_deadline ON circles (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX circles_continues ON circles (continues_id) WHERE continues_id IS NOT NULL;

-- Who takes turns, in the order of joining.
CREATE TABLE circle_members (
    story_id   INTEGER NOT NULL REFERENCES circles ON DELETE CASCADE,
    place      INTEGER NOT NULL,
    person_id  INTEGER NOT NULL,
    PRIMARY KEY (story_id, place)
) STRICT, WITHOUT ROWID;

-- What a vote is about, in the order of the poll's answers.
CREATE TABLE proposals (
    story_id   INTEGER NOT NULL REFERENCES circles ON DELETE CASCADE,
    place      INTEGER NOT NULL,
    author_id  INTEGER NOT NULL,
    scene      TEXT NOT NULL,
    -- As the picture's recipe has it.
    express    TEXT NOT NULL,
    PRIMARY KEY (story_id, place)
) STRICT, WITHOUT ROWID;
