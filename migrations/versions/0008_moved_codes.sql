-- Ranges know only the last change of a code; a code's life has all of them. Empty for
-- an issue, which moves nothing, and for voids of single codes, which void_codes holds.
ALTER TABLE range_changes ADD COLUMN moved int8multirange NOT NULL DEFAULT '{}';
CREATE INDEX range_changes_by_batch ON range_changes (batch_id);

-- Of older changes only those are known that ranges still name.
ALTER TABLE range_changes DISABLE TRIGGER append_only;
UPDATE range_changes AS c SET moved = r.moved
FROM (
    SELECT change_id, range_agg(int8range(first_code_id, last_code_id, '[]')) AS moved
    FROM ranges GROUP BY change_id
) AS r
WHERE r.change_id = c.change_id AND c.kind <> 'issue';
ALTER TABLE range_changes ENABLE TRIGGER append_only;
