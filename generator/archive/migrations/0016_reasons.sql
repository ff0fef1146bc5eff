-- What a member wrote in a report is for the moderators: it was also the reason of the ban that a report led to, which
-- the banned member is told. Such a ban was noted right after the hiding of the picture, in the same moment, which
-- nobody who types a reason can do; its report may be gone.
CREATE TEMP TABLE bans_over_reports AS
    SELECT ban.id, ban.guild_id, hiding.acted_at AS begun_at, ban.acted_at
    FROM acts AS ban JOIN acts AS hiding ON hiding.id = ban.id - 1
    WHERE ban.act = 'ban' AND hiding.act = 'hide'
      AND hiding.guild_id = ban.guild_id AND hiding.by_id = ban.by_id
      AND julianday(ban.acted_at) - julianday(hiding.acted_at) < 2.0 / 86400;

UPDATE acts SET reason = '' WHERE id IN (SELECT id FROM bans_over_reports);

UPDATE bans SET reason = '' WHERE EXISTS (
    SELECT 1 FROM bans_over_reports AS over
    WHERE over.guild_id = bans.guild_id AND banned_at BETWEEN begun_at AND over.acted_at
);

DROP TABLE bans_over_reports;
