-- Which communities are being or were deleted. While one is, log_heads.deleting makes writers refuse
-- its records: until all is erased, and all readers of the log have heard of it. They erase what they
-- have when they hear of it, so nothing new may be there by then.
CREATE TABLE community_deletions (
  community_id bigint PRIMARY KEY,
  create_time timestamptz NOT NULL,
  finish_time timestamptz,                     -- NULL while something may be left
  erased_count bigint NOT NULL DEFAULT 0,      -- rows so far
  next_subject_id bigint NOT NULL DEFAULT 0,   -- up to which events are rewritten
  -- Of the event that tells readers; NULL before all is erased.
  log_partition integer,
  position bigint
);
CREATE INDEX community_deletions_unfinished ON community_deletions (create_time, community_id)
  WHERE finish_time IS NULL;
