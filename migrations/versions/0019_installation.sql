-- What an installation knows of itself: which signing key its packages have, and whether
-- it is frozen, since its database is older than the files beside it say. One row.
CREATE TABLE installation (
    only_row       boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    signing_key_id text,
    member_key_id  text,
    frozen_at      timestamptz,
    frozen_why     text,
    -- From when to when this database has forgotten what was scanned.
    forgets_from   timestamptz,
    forgets_until  timestamptz,
    -- The marks that a freeze has answered for: what this database lacks is known.
    change_mark    bigint NOT NULL DEFAULT 0,
    batch_mark     bigint NOT NULL DEFAULT 0,
    audit_mark     bigint NOT NULL DEFAULT 0,
    scan_mark      bigint NOT NULL DEFAULT 0,
    CONSTRAINT frozen_for_a_reason CHECK ((frozen_at IS NULL) = (frozen_why IS NULL))
);
INSERT INTO installation DEFAULT VALUES;

-- Codes that Redis called claimed when the installation froze, and PostgreSQL did not:
-- claimed and answered after the backup. Their holds wait for a person.
CREATE TABLE forgotten_claims (
    code_id bigint PRIMARY KEY
);
