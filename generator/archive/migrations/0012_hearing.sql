-- How far the messages in the thread of a story told together have been read, where a server wants that: the last
-- one that is known; 0: none yet; NULL: what was written so far is not for the story.
ALTER TABLE circles ADD COLUMN heard_id INTEGER;
-- The message that became a scene last, until whoever wrote it has the receipt.
ALTER TABLE circles ADD COLUMN receipt_id INTEGER;
