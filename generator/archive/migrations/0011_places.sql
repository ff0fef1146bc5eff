-- Whose readers may know of a story that was told in a thread: those of the thread's channel, or, where the
-- thread was private, nobody but those in it. Discord does not say any more once the thread is archived.
-- NULL for stories from before: then it is channel_id, the thread itself.
ALTER TABLE stories ADD COLUMN place_id INTEGER;
