-- What the message shows that begins a story which goes on from an earlier one.
ALTER TABLE circles ADD COLUMN prelude_posted TEXT;
