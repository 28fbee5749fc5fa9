-- Entries of lists: small, the same on every node, and never deleted.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE list_entries (
    entry_id      bigint GENERATED ALWAYS AS IDENTITY,
    list          text NOT NULL,
    kind          text NOT NULL,
    value         text NOT NULL,
    first_code_id bigint,
    last_code_id  bigint,
    until         timestamptz,
    reason        text NOT NULL,
    created_by    text NOT NULL,
    created_at    timestamptz NOT NULL,
    removed_by    text,
    removed_at    timestamptz,
    -- The fence's, under which a trigger lets it be written.
    range_version bigint NOT NULL DEFAULT current_range_version(),
    CONSTRAINT list_entries_pkey PRIMARY KEY (entry_id),
    CONSTRAINT entry_of_a_list CHECK (list IN ('override', 'block', 'allow', 'shop')),
    CONSTRAINT entry_of_a_kind CHECK (kind IN
        ('member', 'device', 'network', 'code_range', 'store', 'cell', 'product')),
    CONSTRAINT range_has_codes CHECK (CASE kind
        WHEN 'code_range' THEN coalesce(first_code_id <= last_code_id, false)
        ELSE first_code_id IS NULL AND last_code_id IS NULL END),
    CONSTRAINT removed_by_a_person CHECK ((removed_by IS NULL) = (removed_at IS NULL))
);
CREATE UNIQUE INDEX list_entries_once ON list_entries (list, kind, value)
    WHERE removed_at IS NULL;
CREATE INDEX list_entries_changed ON list_entries (range_version);

CREATE TRIGGER behind_the_fence BEFORE INSERT OR UPDATE ON list_entries
    FOR EACH ROW EXECUTE FUNCTION raise_range_version();
CREATE TRIGGER entries_stay BEFORE DELETE OR TRUNCATE ON list_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
