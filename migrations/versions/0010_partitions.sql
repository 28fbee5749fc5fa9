-- Partitions, made beside their table and then attached. CREATE TABLE … PARTITION OF
-- would take ACCESS EXCLUSIVE on the whole table: it waits for each open reader, and
-- each scan waits behind it. Attaching takes SHARE UPDATE EXCLUSIVE, which lets scans
-- and readers be, and ACCESS EXCLUSIVE on the default partition alone.
--
-- Each function gives a lock up after 200 ms (SQLSTATE 55P03): try again later.

DROP FUNCTION ensure_code_partitions(bigint, bigint);
DROP FUNCTION ensure_time_partitions(text, text[], bigint[], bigint[]);

-- The smallest time-ordered id of a moment. The numbers are core.ids.EPOCH_MS and the
-- bits of a worker's number and its sequence.
CREATE FUNCTION first_id_at(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(
        floor(extract(epoch FROM at) * 1000)::bigint - 1767225600000, 0) << 22
$$;

-- A table's partitions but for its default, with the keys they hold.
CREATE FUNCTION partitions_of(parent regclass)
RETURNS TABLE (child regclass, keys int8range) LANGUAGE sql STABLE AS $$
    SELECT i.inhrelid::regclass, int8range(b[1]::bigint, b[2]::bigint)
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
        $re$^FOR VALUES FROM \((?:'(-?\d+)'|MINVALUE)\) TO \((?:'(-?\d+)'|MAXVALUE)\)$re$
    ) AS b
    WHERE i.inhparent = parent AND b IS NOT NULL
$$;

-- What of the keys from `first` to below `last` no partition holds.
CREATE FUNCTION uncovered(parent regclass, first bigint, last bigint)
RETURNS int8multirange LANGUAGE sql STABLE AS $$
    SELECT int8multirange(int8range(first, last)) - coalesce(range_agg(keys), '{}')
    FROM partitions_of(parent)
$$;

-- A table's default partition, if it has one, and the column of its keys.
CREATE FUNCTION partitioning_of(parent regclass, OUT fallback regclass, OUT key text)
LANGUAGE sql STABLE AS $$
    SELECT nullif(p.partdefid, 0)::regclass, quote_ident(a.attname)
    FROM pg_partitioned_table AS p
    JOIN pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent
$$;

-- The smallest key from `first` on in the default partition; NULL where there is none.
CREATE FUNCTION lowest_in_default(parent regclass, first bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    how    record := partitioning_of(parent);
    lowest bigint;
BEGIN
    IF how.fallback IS NOT NULL THEN
        EXECUTE format('SELECT min(%2$s) FROM ONLY %1$s WHERE %2$s >= $1',
            how.fallback, how.key) INTO lowest USING first;
    END IF;
    RETURN lowest;
END $$;

-- Makes one partition, and moves there what the default has of its keys. The name gets
-- a number where another table has it.
CREATE FUNCTION attach_partition(
    parent regclass, wished text, first bigint, last bigint)
RETURNS void LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
    how    record := partitioning_of(parent);
    child  text := wished;
    inside text := format('%1$s IS NOT NULL AND %1$s >= %2$s AND %1$s < %3$s',
        how.key, first, last);
    names  text;
BEGIN
    FOR n IN 2 .. 1000000 LOOP
        EXIT WHEN to_regclass(quote_ident(child)) IS NULL;
        child := format('%s_%s', wished, n);
    END LOOP;
    -- In the order in which ALTER TABLE takes them: parent, child, default.
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
    EXECUTE format(
        'CREATE TABLE %I (LIKE %s INCLUDING ALL EXCLUDING IDENTITY,'
        ' CONSTRAINT inside CHECK (%s))', child, parent, inside);
    IF how.fallback IS NOT NULL THEN
        EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', how.fallback);
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO names
        FROM pg_attribute
        WHERE attrelid = parent AND attnum > 0 AND NOT attisdropped
            AND attgenerated = '';
        -- One statement and one transaction with attaching: a reader finds each row
        -- once, whatever happens.
        EXECUTE format(
            'WITH moved AS (DELETE FROM ONLY %s WHERE %s RETURNING %s)'
            ' INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM moved',
            how.fallback, inside, names, child, names, names);
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
        parent, child, first, last);
    -- It spared reading the child; the partition's own bounds say the same.
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT inside', child);
END $$;

-- Claims and sightings take 2^30 serials a partition.
CREATE FUNCTION ensure_code_partitions(first_code_id bigint, last_code_id bigint)
RETURNS void LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
    parent text;
    first  bigint;
    last   bigint;
BEGIN
    FOR chunk IN (first_code_id >> 30) .. (last_code_id >> 30) LOOP
        first := chunk::bigint << 30;
        last := (chunk::bigint + 1) << 30;
        FOREACH parent IN ARRAY ARRAY['claims', 'sightings'] LOOP
            CONTINUE WHEN isempty(uncovered(parent::regclass, first, last));
            PERFORM pg_advisory_xact_lock(4343, 2);
            CONTINUE WHEN isempty(uncovered(parent::regclass, first, last));
            PERFORM attach_partition(
                parent::regclass, format('%s_%s', parent, chunk), first, last);
        END LOOP;
    END LOOP;
END $$;

-- Covers a stretch of keys that has no partition, as far as one step goes; gives how
-- many partitions it made, 0 or 1. Two things make it go in steps:
--
-- * More rows than one lock should last: it covers as far as the first rows reach.
-- * The stretch is of now, so its rows are being written into the default. Whoever
--   writes while their partition is attached fails, so it covers what begins a moment
--   from now, and the rest when nobody writes there any more.
CREATE FUNCTION cover_stretch(parent regclass, wished text, first bigint, last bigint)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    step    CONSTANT integer := 50000;
    soon    bigint := first_id_at(clock_timestamp() + interval '10 s');
    settled bigint := first_id_at(clock_timestamp() - interval '10 s');
    how     record := partitioning_of(parent);
    filled  boolean;
    beyond  bigint;
BEGIN
    IF how.fallback IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %1$s WHERE %2$s >= $1'
            ' AND %2$s < $2)', how.fallback, how.key) INTO filled USING first, last;
        IF filled AND first < soon AND last > settled THEN
            IF last <= soon THEN
                RETURN 0;
            END IF;
            first := soon;
        END IF;
        EXECUTE format('SELECT %2$s FROM ONLY %1$s WHERE %2$s >= $1 AND %2$s < $2'
            ' ORDER BY %2$s OFFSET %3$s LIMIT 1', how.fallback, how.key, step)
            INTO beyond USING first, last;
        -- Where one key has a whole step of rows, they move together.
        IF beyond > first THEN
            last := beyond;
        END IF;
    END IF;
    PERFORM attach_partition(parent, wished, first, last);
    RETURN 1;
END $$;

-- Makes partitions of a table that is partitioned by time-ordered ids, whatever their
-- column is called: `names` of periods, the ids at which they begin and end. Gives how
-- many partitions were made; until it gives 0, there may be more to do.
CREATE FUNCTION ensure_time_partitions(
    parent text, names text[], firsts bigint[], ends bigint[])
RETURNS integer LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
    of_table regclass := parent::regclass;
    stretch  int8range;
    made     integer := 0;
BEGIN
    FOR i IN 1 .. cardinality(names) LOOP
        CONTINUE WHEN isempty(uncovered(of_table, firsts[i], ends[i]));
        PERFORM pg_advisory_xact_lock(4343, 3);
        FOR stretch IN SELECT unnest(uncovered(of_table, firsts[i], ends[i])) LOOP
            made := made + cover_stretch(of_table, format('%s_%s', parent, names[i]),
                lower(stretch), upper(stretch));
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
