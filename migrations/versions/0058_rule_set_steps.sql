CREATE OR REPLACE FUNCTION is_stale(in_version bigint, in_code_ids bigint[])
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN current_range_version() <> in_version AND (
        EXISTS (SELECT FROM epochs WHERE version > in_version)
        OR EXISTS (SELECT FROM products WHERE version > in_version)
        OR EXISTS (SELECT FROM campaigns WHERE version > in_version)
        OR EXISTS (SELECT FROM programme_versions WHERE range_version > in_version)
        OR EXISTS (SELECT FROM rule_set_slots WHERE range_version > in_version)
        OR EXISTS (
            SELECT FROM unnest(in_code_ids) AS c
            CROSS JOIN LATERAL (
                SELECT r.version FROM ranges AS r WHERE r.first_code_id <= c
                ORDER BY r.first_code_id DESC LIMIT 1) AS r
            WHERE r.version > in_version));
END $$;

-- Nothing waits for a draft: slots take the fence now. The column stays while scans are
-- under way that began to ask it before this committed.
DROP TRIGGER behind_the_fence ON rule_sets;
