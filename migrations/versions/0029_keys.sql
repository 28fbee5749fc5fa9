-- The shard comes first in each key. What indexes that needs stands ready beside the old
-- ones (0029_shards.py), but for partitions that were made since, which are small.
--
-- Under the fence: a batch that waits for it finds the new keys and the new steps
-- together, whichever entry it called.

SELECT pg_advisory_xact_lock(4343, 1);

-- The partitions of a table, or the table itself where it has none.
CREATE FUNCTION pg_temp.parts_of(parent regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE AS $$
    SELECT relid FROM pg_partition_tree(parent) WHERE isleaf AND relid <> parent
    UNION ALL SELECT oid FROM pg_class WHERE oid = parent AND relkind = 'r'
    ORDER BY 1
$$;

DO $$
DECLARE
    key_   record;
    child  regclass;
    index_ text;
BEGIN
    FOR key_ IN SELECT * FROM (VALUES
        (1, 'void_codes', 'code_id'), (2, 'forgotten_claims', 'code_id'),
        (3, 'claims', 'code_id'), (4, 'sightings', 'code_id'), (5, 'scans', 'scan_id')
    ) AS k (place, parent, id) ORDER BY place
    LOOP
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I',
            key_.parent, key_.parent || '_pkey');
        FOR child IN SELECT pg_temp.parts_of(key_.parent::regclass) LOOP
            index_ := child::text || '_by_shard';
            EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %s (shard, %I)',
                index_, child, key_.id);
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I PRIMARY KEY USING INDEX %I',
                child, child::text || '_pkey', index_);
        END LOOP;
        IF key_.parent IN ('claims', 'sightings', 'scans') THEN
            EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY (shard, %I)',
                key_.parent, key_.parent || '_pkey', key_.id);
        END IF;
    END LOOP;
END $$;

-- A member's scans, without their ids: entries of one member share their key, and the
-- rows of a month are read and sorted anyway.
DROP INDEX scans_by_member;
CREATE INDEX scans_of_member ON ONLY scans (member_no) WHERE member_no IS NOT NULL;
DO $$
DECLARE
    child  regclass;
    index_ text;
BEGIN
    FOR child IN SELECT pg_temp.parts_of('scans') LOOP
        index_ := child::text || '_of_member';
        EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %s (member_no)'
            ' WHERE member_no IS NOT NULL', index_, child);
        EXECUTE format('ALTER INDEX scans_of_member ATTACH PARTITION %I', index_);
    END LOOP;
END $$;

-- Append-only is a grant from now on, and the change that voided is on one node.
DROP TRIGGER append_only ON void_codes;
ALTER TABLE void_codes DROP CONSTRAINT void_codes_change_id_fkey;
