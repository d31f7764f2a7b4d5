-- The segments and tags of a community. Contacts carry them with id and name; here is which names
-- there are, and what id the next one gets.

CREATE TABLE segments (
  community_id bigint NOT NULL,
  segment_id bigint NOT NULL,
  name text NOT NULL,
  folded_name text COLLATE "C" NOT NULL,  -- ASCII letters in lower case: how names are looked up
  PRIMARY KEY (community_id, segment_id)
);
-- Not unique: callers that give ids may give several the same name.
CREATE INDEX segments_by_name ON segments (community_id, folded_name);

CREATE TABLE tags (
  community_id bigint NOT NULL,
  tag_id bigint NOT NULL,
  name text NOT NULL,
  folded_name text COLLATE "C" NOT NULL,
  PRIMARY KEY (community_id, tag_id)
);
CREATE INDEX tags_by_name ON tags (community_id, folded_name);
