-- Which communities are being or were deleted. While one is, log_heads.deleting makes writers refuse
-- its records.
CREATE TABLE community_deletions (
  community_id bigint PRIMARY KEY,
  create_time timestamptz NOT NULL,
  finish_time timestamptz,                     -- NULL while something may be left
  erased_count bigint NOT NULL DEFAULT 0,      -- rows so far
  next_subject_id bigint NOT NULL DEFAULT 0    -- up to which events are rewritten
);
