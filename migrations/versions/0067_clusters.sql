-- What is known of scans behind their path: which members share a device, and how far a
-- job has read.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- A row a job, for ever; it changes in the transaction that counts. `version` changes
-- with what workers have to hear of.
CREATE TABLE background_marks (
    name text PRIMARY KEY,
    scan_id bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    counted_at timestamptz
);
INSERT INTO background_marks (name) VALUES ('clusters');

-- Who has used what strongly links people: a hash of a device. Forgotten as traces are.
CREATE TABLE strong_links (
    link_key bigint NOT NULL,
    member_no bigint NOT NULL,
    seen_on date NOT NULL,
    shard smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, link_key, member_no)
);
CREATE INDEX strong_links_of_member ON strong_links (shard, member_no);
CREATE INDEX strong_links_by_day ON strong_links USING brin (seen_on);

-- Members who are linked by any way; smaller ones are families, and not kept.
CREATE TABLE clusters (
    cluster_no bigint PRIMARY KEY,
    members bigint[] NOT NULL,
    flagged integer NOT NULL,
    computed_at timestamptz NOT NULL,
    CONSTRAINT cluster_is_of_five CHECK (cardinality(members) >= 5),
    CONSTRAINT flagged_are_members CHECK (flagged BETWEEN 0 AND cardinality(members)),
    CONSTRAINT cluster_has_its_first_number CHECK (cluster_no = members[1])
);
CREATE INDEX clusters_of_members ON clusters USING gin (members);
CREATE INDEX clusters_by_age ON clusters (computed_at);
