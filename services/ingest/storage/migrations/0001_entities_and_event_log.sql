-- What is known of each community, and the log of its changes.
--
-- The community comes first in every key, so that the tables can be distributed on it when one
-- Postgres is outgrown. Keys that are text compare byte by byte ("C"): no update of the system's
-- collations can corrupt their indexes.
--
-- All writers of a community hold the row lock of its log partition's head from the first statement
-- through the commit. That serialises them: look-ups cannot race, and positions are gapless and
-- follow the order of commits.

-- Where each log partition ends. Not keyed by community: a partition is shared by many, and is the
-- unit of order. The number of rows is the number of log partitions; it decides which partition a
-- community belongs to, so it must not change once there are events.
CREATE TABLE log_heads (
  log_partition integer PRIMARY KEY,
  position bigint NOT NULL DEFAULT 0,  -- of the last event
  last_id bigint NOT NULL DEFAULT 0,   -- the last id given to an entity of the partition's communities
  accept_time timestamptz,             -- of the last event; never falls
  deleting bigint[] NOT NULL DEFAULT '{}'  -- communities whose records are refused
) WITH (fillfactor = 10);              -- rewritten with every batch: leaves room for updates in place

INSERT INTO log_heads (log_partition) SELECT generate_series(0, 15);

-- An entity is kept twice: as the message that its readers get, and as the columns that filters and
-- orders ask for. The columns follow from the message (EntityColumns in storage/entity_columns.h):
-- NULL is below a message that is unset, everything else has its default. None of them has an index:
-- that would cost every update more than it would save the few who look; addresses and handles are
-- found by contact_identities.
CREATE TABLE contacts (
  community_id bigint NOT NULL,
  contact_id bigint NOT NULL,
  contact bytea NOT NULL,  -- crier.entity.v1.Contact
  full_name text COLLATE "C" NOT NULL,
  title text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  avatar_url text COLLATE "C" NOT NULL,
  primary_email text COLLATE "C" NOT NULL,
  all_emails text[] COLLATE "C" NOT NULL,
  organization_display_name text COLLATE "C",
  organization_domain text COLLATE "C",
  organization_location_city text COLLATE "C",
  organization_location_region text COLLATE "C",
  organization_location_country text COLLATE "C",
  linked_in_handle text COLLATE "C",
  linked_in_user_id text COLLATE "C",
  linked_in_url text COLLATE "C",
  twitter_handle text COLLATE "C",
  twitter_user_id text COLLATE "C",
  twitter_url text COLLATE "C",
  github_handle text COLLATE "C",
  github_user_id text COLLATE "C",
  github_url text COLLATE "C",
  discord_handle text COLLATE "C",
  discord_user_id text COLLATE "C",
  discord_url text COLLATE "C",
  youtube_handle text COLLATE "C",
  youtube_user_id text COLLATE "C",
  youtube_url text COLLATE "C",
  segments_id bigint[] NOT NULL,
  segments_name text[] COLLATE "C" NOT NULL,
  tags_id bigint[] NOT NULL,
  tags_name text[] COLLATE "C" NOT NULL,
  first_seen_time timestamptz,
  first_seen_signal text COLLATE "C" NOT NULL,
  last_seen_time timestamptz,
  last_seen_source text COLLATE "C" NOT NULL,
  lead_score double precision NOT NULL,
  is_team_member boolean NOT NULL,
  custom_fields_keys text[] COLLATE "C" NOT NULL,
  custom_fields_values text[] COLLATE "C" NOT NULL,
  external_ids_source text[] COLLATE "C" NOT NULL,
  external_ids_id text[] COLLATE "C" NOT NULL,
  create_time timestamptz,
  update_time timestamptz,
  activity_count bigint NOT NULL,
  previous_title text COLLATE "C" NOT NULL,
  previous_organization_display_name text COLLATE "C",
  previous_organization_domain text COLLATE "C",
  previous_organization_location_city text COLLATE "C",
  previous_organization_location_region text COLLATE "C",
  previous_organization_location_country text COLLATE "C",
  PRIMARY KEY (community_id, contact_id)
) WITH (fillfactor = 70);

-- Which contact an e-mail address, a handle or an external id belongs to.
CREATE TABLE contact_identities (
  community_id bigint NOT NULL,
  kind smallint NOT NULL,  -- IdentityKind in services/ingest/domain/entities/identity.h
  value text COLLATE "C" NOT NULL,
  contact_id bigint NOT NULL,
  apart boolean NOT NULL,  -- the contact need not say so itself
  PRIMARY KEY (community_id, kind, value)
);
-- The identities of a contact are those that it says and these.
CREATE INDEX contact_identities_apart ON contact_identities (community_id, contact_id) WHERE apart;

-- Contacts that turned out to be part of another one. A winner is never itself redirected.
CREATE TABLE contact_redirects (
  community_id bigint NOT NULL,
  contact_id bigint NOT NULL,
  winner_id bigint NOT NULL,
  PRIMARY KEY (community_id, contact_id)
);
CREATE INDEX contact_redirects_by_winner ON contact_redirects (community_id, winner_id);

CREATE TABLE organizations (
  community_id bigint NOT NULL,
  organization_id bigint NOT NULL,
  domain text COLLATE "C" NOT NULL,
  organization bytea NOT NULL,  -- crier.entity.v1.Organization
  display_name text COLLATE "C" NOT NULL,
  location_city text COLLATE "C",
  location_region text COLLATE "C",
  location_country text COLLATE "C",
  logo_url text COLLATE "C" NOT NULL,
  create_time timestamptz,
  update_time timestamptz,
  PRIMARY KEY (community_id, organization_id),
  UNIQUE (community_id, domain)
);

CREATE TABLE activities (
  community_id bigint NOT NULL,
  activity_id bigint NOT NULL,
  service_name text COLLATE "C" NOT NULL,
  activity_type text COLLATE "C" NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  contact_id bigint NOT NULL,  -- may have been redirected since
  -- Whose it was thought to be before, as far as events tell of it under them; NULL when under nobody.
  former_contact_ids bigint[],
  activity bytea NOT NULL,     -- crier.entity.v1.Activity without its contact and content
  provider_id bigint NOT NULL,
  title text COLLATE "C" NOT NULL,
  content text COLLATE "C" NOT NULL,
  external_activity_url text COLLATE "C" NOT NULL,
  occur_time timestamptz,
  categories text[] COLLATE "C" NOT NULL,
  sentiment bigint NOT NULL,
  tags text[] COLLATE "C" NOT NULL,
  topics text[] COLLATE "C" NOT NULL,
  create_time timestamptz,
  update_time timestamptz,
  PRIMARY KEY (community_id, activity_id),
  UNIQUE (community_id, service_name, activity_type, external_id)
);
CREATE INDEX activities_by_contact ON activities (community_id, contact_id);

-- The event log. Its key begins with the log partition and not with the community, because readers
-- follow a partition, position by position, across all of its communities.
--
-- Days are dropped as a whole. Accept times never fall along the positions of a log partition (see
-- log_heads), so what is dropped is always a beginning of the log: no hole can open in what is left.
CREATE TABLE events (
  log_partition integer NOT NULL,
  position bigint NOT NULL,
  accept_time timestamptz NOT NULL,
  community_id bigint NOT NULL,
  -- Whom the event tells of: a contact, 0 for an organization; NULL when it has nothing to erase.
  subject_id bigint,
  activity_id bigint,    -- the activity that it tells of; it may turn out to be somebody else's
  event bytea NOT NULL,  -- crier.entity.v1.Event
  PRIMARY KEY (log_partition, position, accept_time)
) PARTITION BY RANGE (accept_time);
CREATE INDEX events_by_subject ON events (community_id, subject_id) WHERE subject_id IS NOT NULL;

-- The rows of the tables above as they are sent: as an array of such a type, in one parameter. A table
-- that gets a column gets a new type; the old one stays for as long as there are programs that send it.
CREATE TYPE contact_row AS (
  community_id bigint,
  contact_id bigint,
  contact bytea,
  full_name text COLLATE "C",
  title text COLLATE "C",
  role text COLLATE "C",
  avatar_url text COLLATE "C",
  primary_email text COLLATE "C",
  all_emails text[] COLLATE "C",
  organization_display_name text COLLATE "C",
  organization_domain text COLLATE "C",
  organization_location_city text COLLATE "C",
  organization_location_region text COLLATE "C",
  organization_location_country text COLLATE "C",
  linked_in_handle text COLLATE "C",
  linked_in_user_id text COLLATE "C",
  linked_in_url text COLLATE "C",
  twitter_handle text COLLATE "C",
  twitter_user_id text COLLATE "C",
  twitter_url text COLLATE "C",
  github_handle text COLLATE "C",
  github_user_id text COLLATE "C",
  github_url text COLLATE "C",
  discord_handle text COLLATE "C",
  discord_user_id text COLLATE "C",
  discord_url text COLLATE "C",
  youtube_handle text COLLATE "C",
  youtube_user_id text COLLATE "C",
  youtube_url text COLLATE "C",
  segments_id bigint[],
  segments_name text[] COLLATE "C",
  tags_id bigint[],
  tags_name text[] COLLATE "C",
  first_seen_time timestamptz,
  first_seen_signal text COLLATE "C",
  last_seen_time timestamptz,
  last_seen_source text COLLATE "C",
  lead_score double precision,
  is_team_member boolean,
  custom_fields_keys text[] COLLATE "C",
  custom_fields_values text[] COLLATE "C",
  external_ids_source text[] COLLATE "C",
  external_ids_id text[] COLLATE "C",
  create_time timestamptz,
  update_time timestamptz,
  activity_count bigint,
  previous_title text COLLATE "C",
  previous_organization_display_name text COLLATE "C",
  previous_organization_domain text COLLATE "C",
  previous_organization_location_city text COLLATE "C",
  previous_organization_location_region text COLLATE "C",
  previous_organization_location_country text COLLATE "C"
);
CREATE TYPE identity_row AS (
  community_id bigint,
  kind smallint,
  value text COLLATE "C",
  contact_id bigint,
  apart boolean
);
CREATE TYPE organization_row AS (
  community_id bigint,
  organization_id bigint,
  organization bytea,
  display_name text COLLATE "C",
  domain text COLLATE "C",
  location_city text COLLATE "C",
  location_region text COLLATE "C",
  location_country text COLLATE "C",
  logo_url text COLLATE "C",
  create_time timestamptz,
  update_time timestamptz
);
CREATE TYPE activity_row AS (
  community_id bigint,
  activity_id bigint,
  contact_id bigint,
  former_contact_ids bigint[],
  activity bytea,
  activity_type text COLLATE "C",
  service_name text COLLATE "C",
  external_id text COLLATE "C",
  provider_id bigint,
  title text COLLATE "C",
  content text COLLATE "C",
  external_activity_url text COLLATE "C",
  occur_time timestamptz,
  categories text[] COLLATE "C",
  sentiment bigint,
  tags text[] COLLATE "C",
  topics text[] COLLATE "C",
  create_time timestamptz,
  update_time timestamptz
);
CREATE TYPE event_row AS (
  log_partition integer,
  position bigint,
  accept_time timestamptz,
  community_id bigint,
  subject_id bigint,
  activity_id bigint,
  event bytea
);
