-- A rule set is drafted, committed, activated and retired. What is in force stands in a
-- slot, of which each holds one committed version at most; so a draft disturbs nobody.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE rule_sets ADD COLUMN note text NOT NULL DEFAULT '';

CREATE TABLE rule_set_commits (
    version      integer NOT NULL,
    committed_by text NOT NULL,
    committed_at timestamptz NOT NULL,
    CONSTRAINT rule_set_commits_pkey PRIMARY KEY (version),
    CONSTRAINT commit_of_a_rule_set FOREIGN KEY (version) REFERENCES rule_sets
);

-- `below` is the change that had put into force what this one replaced: the way back.
CREATE TABLE rule_set_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY,
    action    text NOT NULL,
    before    integer,
    after     integer,
    below     bigint,
    reason    text NOT NULL,
    person    text NOT NULL,
    at        timestamptz NOT NULL,
    CONSTRAINT rule_set_changes_pkey PRIMARY KEY (change_id),
    CONSTRAINT change_below FOREIGN KEY (below) REFERENCES rule_set_changes,
    CONSTRAINT change_after FOREIGN KEY (after) REFERENCES rule_set_commits,
    CONSTRAINT change_of_a_kind
        CHECK (action IN ('install', 'activate', 'roll_back', 'shadow', 'end_shadow'))
);

-- Two rows for ever. A version is in one slot at most, and only once it is committed.
CREATE TABLE rule_set_slots (
    slot          text NOT NULL,
    version       integer,
    until         timestamptz,
    change_id     bigint,
    -- The fence's, under which a trigger lets it be written.
    range_version bigint NOT NULL DEFAULT current_range_version(),
    CONSTRAINT rule_set_slots_pkey PRIMARY KEY (slot),
    CONSTRAINT slot_of_a_kind CHECK (slot IN ('active', 'shadow')),
    CONSTRAINT one_slot_of_a_version UNIQUE (version),
    CONSTRAINT slot_of_a_committed FOREIGN KEY (version) REFERENCES rule_set_commits,
    CONSTRAINT slot_by_a_change FOREIGN KEY (change_id) REFERENCES rule_set_changes,
    CONSTRAINT shadow_has_an_end
        CHECK ((until IS NOT NULL) = (slot = 'shadow' AND version IS NOT NULL))
);

-- What is there was in force, one after the other.
INSERT INTO rule_set_commits (version, committed_by, committed_at)
SELECT version, created_by, created_at FROM rule_sets;
DO $$
DECLARE
    known record;
    prior bigint;
    was   integer;
BEGIN
    FOR known IN SELECT * FROM rule_sets ORDER BY version LOOP
        INSERT INTO rule_set_changes (action, before, after, below, reason, person, at)
        VALUES ('install', was, known.version, prior, '', known.created_by,
            known.created_at)
        RETURNING change_id INTO prior;
        was := known.version;
    END LOOP;
    INSERT INTO rule_set_slots (slot, version, change_id)
    VALUES ('active', was, prior), ('shadow', NULL, NULL);
END $$;

CREATE TRIGGER behind_the_fence BEFORE INSERT OR UPDATE ON rule_set_slots
    FOR EACH ROW EXECUTE FUNCTION raise_range_version();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_set_commits
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_set_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER slots_stay BEFORE DELETE OR TRUNCATE ON rule_set_slots
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
