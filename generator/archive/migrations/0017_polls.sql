-- Whose proposals a poll of Discord's holds: it keeps them when the vote is over, and can only be taken away as a whole,
-- with the story or with what somebody wrote who is forgotten.
CREATE TABLE IF NOT EXISTS polls (
    story_id    INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
    message_id  INTEGER NOT NULL,
    author_id   INTEGER NOT NULL,
    PRIMARY KEY (story_id, message_id, author_id)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO polls SELECT story_id, poll_id, author_id FROM circles JOIN proposals USING (story_id)
WHERE poll_id IS NOT NULL;
