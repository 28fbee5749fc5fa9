-- A rule set says which range version it came with, as ranges and campaigns do, and
-- raises that version under the fence, whoever writes it: no scan is judged by older
-- rules once a newer set is committed.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER TABLE rule_sets ADD COLUMN range_version bigint NOT NULL DEFAULT current_range_version();

CREATE FUNCTION raise_range_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4343, 1);
    UPDATE range_version SET version = version + 1;
    NEW.range_version := current_range_version();
    RETURN NEW;
END $$;
CREATE TRIGGER behind_the_fence BEFORE INSERT ON rule_sets
    FOR EACH ROW EXECUTE FUNCTION raise_range_version();

CREATE OR REPLACE FUNCTION is_stale(in_version bigint, in_code_ids bigint[])
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN current_range_version() <> in_version AND (
        EXISTS (SELECT FROM epochs WHERE version > in_version)
        OR EXISTS (SELECT FROM products WHERE version > in_version)
        OR EXISTS (SELECT FROM campaigns WHERE version > in_version)
        OR EXISTS (SELECT FROM rule_sets WHERE range_version > in_version)
        OR EXISTS (
            SELECT FROM unnest(in_code_ids) AS c
            CROSS JOIN LATERAL (
                SELECT r.version FROM ranges AS r WHERE r.first_code_id <= c
                ORDER BY r.first_code_id DESC LIMIT 1) AS r
            WHERE r.version > in_version));
END $$;
