-- The spine: what a batch, a claim, a scan, a transfer and a staff action are.
-- Each table has one owner, named above it; only its owner's store writes it.

-- core.auth ---------------------------------------------------------------------------

CREATE TABLE staff_tokens (
    token_id     text PRIMARY KEY,
    secret_hash  bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    person       text NOT NULL CHECK (person <> ''),
    role         text NOT NULL CHECK (role IN ('admin', 'issuer', 'line', 'printhouse',
                     'marketer', 'analyst', 'support', 'cashier', 'app')),
    brand        text,
    line         text,
    store        text,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz
);

CREATE TABLE audit_log (
    audit_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    person     text NOT NULL,
    role       text NOT NULL,
    token_id   text,
    action     text NOT NULL,
    subject    text NOT NULL,
    detail     jsonb NOT NULL,
    request_id text
);

-- Unique across time, so it is not partitioned by time; pruned by age instead.
CREATE TABLE idempotency_keys (
    key_hash   bytea PRIMARY KEY CHECK (octet_length(key_hash) = 16),
    body_hash  bytea NOT NULL CHECK (octet_length(body_hash) = 16),
    owner      bigint NOT NULL,
    status     smallint,
    response   bytea,
    created_at timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING brin (created_at);

-- rewards -----------------------------------------------------------------------------

CREATE SEQUENCE account_numbers AS bigint;

CREATE TABLE members (
    member_no  bigint PRIMARY KEY DEFAULT nextval('account_numbers'),
    member_id  text NOT NULL UNIQUE CHECK (length(member_id) BETWEEN 1 AND 128),
    created_at timestamptz NOT NULL
);

CREATE TABLE campaigns (
    campaign_no bigint PRIMARY KEY DEFAULT nextval('account_numbers'),
    campaign_id text NOT NULL UNIQUE,
    name        text NOT NULL,
    points      integer NOT NULL CHECK (points > 0),
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz CHECK (ends_at > starts_at),
    daily_cap   bigint CHECK (daily_cap > 0),
    created_at  timestamptz NOT NULL
);

-- One hot row a campaign, updated last in a transaction and kept in its page.
CREATE TABLE campaign_budgets (
    campaign_no bigint PRIMARY KEY REFERENCES campaigns,
    budget      bigint CHECK (budget > 0),
    spent       bigint NOT NULL DEFAULT 0 CHECK (spent >= 0),
    CONSTRAINT budget_holds CHECK (budget IS NULL OR spent <= budget)
) WITH (fillfactor = 10);

CREATE TABLE balances (
    member_no bigint PRIMARY KEY,
    available bigint NOT NULL CHECK (available >= 0),
    pending   bigint NOT NULL CHECK (pending >= 0)
) WITH (fillfactor = 80);

-- What a member earned of a campaign on the latest business day it earned anything.
CREATE TABLE daily_earnings (
    member_no   bigint NOT NULL,
    campaign_no bigint NOT NULL,
    day         date NOT NULL,
    earned      bigint NOT NULL CHECK (earned >= 0),
    PRIMARY KEY (member_no, campaign_no)
) WITH (fillfactor = 80);

-- One row moves `amount` points from one account to another. A pending transfer is
-- ended by one row that posts or voids it. The reward of a scan carries its scan_id.
CREATE TABLE transfers (
    transfer_id    bigint PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('posted', 'pending', 'post', 'void')),
    debit_account  bigint NOT NULL,
    credit_account bigint NOT NULL CHECK (credit_account <> debit_account),
    amount         bigint NOT NULL CHECK (amount > 0),
    pending_id     bigint CHECK ((pending_id IS NOT NULL) = (kind IN ('post', 'void')))
);
CREATE UNIQUE INDEX a_pending_transfer_ends_once ON transfers (pending_id)
    WHERE pending_id IS NOT NULL;

CREATE VIEW entries AS
    SELECT transfer_id, debit_account AS account, -amount AS amount, kind FROM transfers
    UNION ALL
    SELECT transfer_id, credit_account, amount, kind FROM transfers;

-- A reward that waits: for the signals to come back, for a frozen epoch, or a person.
CREATE TABLE holds (
    transfer_id bigint PRIMARY KEY,
    code_id     bigint NOT NULL,
    member_no   bigint NOT NULL,
    campaign_no bigint NOT NULL,
    amount      bigint NOT NULL CHECK (amount > 0),
    day         date NOT NULL,
    reason      text NOT NULL CHECK (reason IN ('signals', 'epoch', 'rules')),
    resolution  text CHECK (resolution IN ('posted', 'voided')),
    resolved_at timestamptz CHECK ((resolved_at IS NULL) = (resolution IS NULL))
);
CREATE INDEX open_holds ON holds (reason, transfer_id) WHERE resolution IS NULL;

-- codegen -----------------------------------------------------------------------------

CREATE TABLE epochs (
    epoch       smallint PRIMARY KEY CHECK (epoch BETWEEN 0 AND 31),
    state       text NOT NULL CHECK (state IN ('open', 'closed', 'frozen', 'retired')),
    key_check   bytea NOT NULL CHECK (octet_length(key_check) = 16),
    next_serial bigint NOT NULL CHECK (next_serial BETWEEN 0 AND 68719476736),
    created_at  timestamptz NOT NULL
);

-- Grows by one with every change that a scan must not be decided without.
CREATE TABLE range_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO range_version (version) VALUES (1);

CREATE TABLE products (
    gtin            text PRIMARY KEY CHECK (gtin ~ '^[0-9]{14}$'),
    name            text NOT NULL CHECK (name <> ''),
    brand           text NOT NULL CHECK (brand <> ''),
    shelf_life_days integer CHECK (shelf_life_days > 0),
    created_at      timestamptz NOT NULL
);

CREATE TABLE batches (
    batch_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    epoch        smallint NOT NULL REFERENCES epochs,
    first_serial bigint NOT NULL CHECK (first_serial >= 0),
    quantity     bigint NOT NULL CHECK (quantity > 0),
    gtin         text REFERENCES products,
    campaign_id  text REFERENCES campaigns (campaign_id),
    brand        text,
    placement    text NOT NULL
        CHECK (placement IN ('inside', 'outside', 'carton', 'pallet')),
    lot          text,
    produced_on  date,
    sale_regions text[] NOT NULL,
    line         text,
    link_base    text NOT NULL,
    link_form    text NOT NULL CHECK (link_form IN ('short', 'gs1')),
    issued_by    text NOT NULL,
    issued_at    timestamptz NOT NULL,
    CHECK (first_serial + quantity <= 68719476736),
    CONSTRAINT batches_never_overlap EXCLUDE USING gist (
        int8range(
            (epoch::bigint << 36) + first_serial,
            (epoch::bigint << 36) + first_serial + quantity
        ) WITH &&)
);

CREATE TABLE batch_units (
    batch_id   bigint NOT NULL REFERENCES batches,
    name       text NOT NULL CHECK (name <> ''),
    from_index bigint NOT NULL CHECK (from_index >= 0),
    to_index   bigint NOT NULL CHECK (to_index >= from_index),
    PRIMARY KEY (batch_id, name)
);

CREATE TABLE range_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id  bigint NOT NULL REFERENCES batches,
    kind      text NOT NULL CHECK (kind IN ('issue', 'activate', 'void', 'recall')),
    person    text NOT NULL,
    reason    text NOT NULL,
    detail    jsonb NOT NULL,
    changed   bigint NOT NULL CHECK (changed >= 0),
    at        timestamptz NOT NULL
);

-- The ranges of a batch tile it exactly: each code is in one range, in one state.
CREATE TABLE ranges (
    first_code_id bigint PRIMARY KEY,
    last_code_id  bigint NOT NULL CHECK (last_code_id >= first_code_id),
    batch_id      bigint NOT NULL REFERENCES batches,
    state         text NOT NULL
        CHECK (state IN ('issued', 'activated', 'void', 'recalled')),
    gtin          text REFERENCES products,
    lot           text,
    produced_on   date,
    plant         text,
    line          text,
    sale_regions  text[] NOT NULL,
    campaign_id   text REFERENCES campaigns (campaign_id),
    effective_at  timestamptz,
    instructions  text,
    change_id     bigint NOT NULL REFERENCES range_changes,
    CONSTRAINT ranges_never_overlap EXCLUDE USING gist (
        int8range(first_code_id, last_code_id, '[]') WITH &&)
);
CREATE INDEX ranges_by_batch ON ranges (batch_id);
CREATE INDEX ranges_by_lot ON ranges (lot) WHERE lot IS NOT NULL;

-- Single codes that were voided: sparse, checked under the fence of every claim.
CREATE TABLE void_codes (
    code_id   bigint PRIMARY KEY,
    change_id bigint NOT NULL REFERENCES range_changes
);

CREATE INDEX void_codes_by_change ON void_codes (change_id);

CREATE TABLE recalls (
    recall_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope        jsonb NOT NULL,
    reason       text NOT NULL,
    instructions text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    approved_by  text,
    approved_at  timestamptz CHECK ((approved_at IS NULL) = (approved_by IS NULL)),
    CONSTRAINT two_persons_recall CHECK (approved_by <> requested_by)
);

-- printer_export ----------------------------------------------------------------------

-- Which codes left the system in the clear, for whom and as what.
CREATE TABLE code_exports (
    export_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id   bigint NOT NULL REFERENCES batches,
    preset     text NOT NULL,
    rows       bigint NOT NULL CHECK (rows > 0),
    sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    person     text NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX code_exports_by_batch ON code_exports (batch_id);

-- anti_fraud --------------------------------------------------------------------------

CREATE TABLE rule_sets (
    version    integer PRIMARY KEY,
    document   jsonb NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE incidents (
    kind     text NOT NULL CHECK (kind IN ('key_leak')),
    subject  text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    seen     bigint NOT NULL CHECK (seen > 0),
    PRIMARY KEY (kind, subject)
);

-- Floods of invalid codes: how many, and a few samples, never one row each.
CREATE TABLE invalid_reports (
    report_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    seen       bigint NOT NULL CHECK (seen >= 0),
    throttled  bigint NOT NULL CHECK (throttled >= 0),
    samples    jsonb NOT NULL
);

-- scan_api ----------------------------------------------------------------------------

CREATE SEQUENCE worker_numbers AS bigint;

-- Partitioned by code range. A claim's scan_id tells when it happened.
CREATE TABLE claims (
    code_id   bigint PRIMARY KEY,
    scan_id   bigint NOT NULL,
    member_no bigint NOT NULL
) PARTITION BY RANGE (code_id);

-- How often a code was scanned without being claimed by that scan.
CREATE TABLE sightings (
    code_id bigint PRIMARY KEY,
    scans   bigint NOT NULL CHECK (scans > 0)
) PARTITION BY RANGE (code_id);

-- Partitioned by time, which a scan_id begins with.
CREATE TABLE scans (
    scan_id       bigint PRIMARY KEY,
    code_id       bigint NOT NULL,
    member_no     bigint,
    outcome       text NOT NULL CHECK (outcome IN ('not_active', 'recalled',
        'already_claimed', 'refused', 'limit_reached', 'held', 'no_reward', 'rewarded',
        'verified')),
    points        integer NOT NULL CHECK (points >= 0),
    campaign_no   bigint,
    available     bigint,
    claim_scan_id bigint,
    scan_count    bigint,
    facts         bytea NOT NULL
) PARTITION BY RANGE (scan_id);
CREATE INDEX scans_by_member ON scans (member_no, scan_id) WHERE member_no IS NOT NULL;
CREATE TABLE scans_default PARTITION OF scans DEFAULT;

-- Kept apart from scans, by day, and dropped after 90 days.
CREATE TABLE scan_traces (
    scan_id bigint NOT NULL,
    network inet,
    device  bytea,
    cell    bigint
) PARTITION BY RANGE (scan_id);
CREATE INDEX scan_traces_by_scan ON scan_traces USING brin (scan_id);
CREATE TABLE scan_traces_default PARTITION OF scan_traces DEFAULT;

-- Append-only, whoever asks ------------------------------------------------------------

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', tg_table_name USING ERRCODE = 'CC003';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON range_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON void_codes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON code_exports
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_sets
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- Partitions --------------------------------------------------------------------------

-- Claims and sightings take 2^30 serials a partition. Attaching locks nobody out.
CREATE FUNCTION ensure_code_partitions(first_code_id bigint, last_code_id bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    child  text;
BEGIN
    PERFORM pg_advisory_xact_lock(4343, 2);
    FOR chunk IN (first_code_id >> 30) .. (last_code_id >> 30) LOOP
        FOREACH parent IN ARRAY ARRAY['claims', 'sightings'] LOOP
            child := format('%s_%s', parent, chunk);
            IF to_regclass(child) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
                EXECUTE format(
                    'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                    parent, child, chunk::bigint << 30, (chunk::bigint + 1) << 30);
            END IF;
        END LOOP;
    END LOOP;
END $$;

-- `bounds` are scan_ids at which one partition ends and the next begins.
CREATE FUNCTION ensure_time_partitions(
    parent text, names text[], firsts bigint[], ends bigint[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    child text;
BEGIN
    PERFORM pg_advisory_xact_lock(4343, 3);
    FOR i IN 1 .. cardinality(names) LOOP
        child := format('%s_%s', parent, names[i]);
        IF to_regclass(child) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)',
                child, parent, firsts[i], ends[i]);
        END IF;
    END LOOP;
END $$;
