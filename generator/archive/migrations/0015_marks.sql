-- The mark of a story's server among its words begins with a sign that no word has: it was "guild", and whoever
-- looked for stories about a guild was shown all of them.
UPDATE gallery_words SET words = char(0xE000) || substr(words, 6);
