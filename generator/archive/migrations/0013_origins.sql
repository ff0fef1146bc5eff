-- Of a picture that a later story took along: the take that was drawn, whichever story it was taken along from.
-- Copies are known by it also when the stories in between are deleted. Its number is not used again as long as there
-- are copies, since theirs are higher.
ALTER TABLE takes ADD COLUMN origin_id INTEGER;

WITH RECURSIVE earlier (id, ancestor_id) AS (
    SELECT takes.id, parents.id FROM takes JOIN takes AS parents ON parents.id = takes.parent_id
    WHERE parents.story_id != takes.story_id
    UNION
    SELECT earlier.id, parents.id FROM earlier JOIN takes ON takes.id = ancestor_id
    JOIN takes AS parents ON parents.id = takes.parent_id WHERE parents.story_id != takes.story_id
)
UPDATE takes SET origin_id = (SELECT min(ancestor_id) FROM earlier WHERE earlier.id = takes.id)
WHERE id IN (SELECT id FROM earlier);

CREATE INDEX takes_of_origin ON takes (origin_id) WHERE origin_id IS NOT NULL;
