-- Erasures that were asked for and are not over. They are recorded with the position of the producer
-- that asked, and carried out in steps.
CREATE TABLE erasures (
  community_id bigint NOT NULL,
  contact_id bigint NOT NULL,   -- 0: the whole community
  activity_id bigint NOT NULL,  -- only what tells of it, unless 0
  -- What a whole community had: webhooks made later belong to somebody else.
  webhooks_through bigint NOT NULL,
  sweep_time timestamptz NOT NULL,  -- when to look for its data next
  sweeps_left smallint NOT NULL,
  PRIMARY KEY (community_id, contact_id, activity_id)
);
