-- Red packets: where members take them, and what became of each.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Where a member's money goes. The account is closed with a key that the database does
-- not have.
CREATE TABLE payees (
    member_no  bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    shard      smallint NOT NULL DEFAULT 0,
    provider   text NOT NULL,
    account    bytea NOT NULL,
    CONSTRAINT payees_pkey PRIMARY KEY (shard, member_no),
    CONSTRAINT payee_provider_is_known CHECK (provider IN ('wechat'))
);

-- A payout has the number of the transfer of its reward, and the bill that its provider
-- knows is named after that number, for ever.
CREATE TABLE payouts (
    payout_id    bigint NOT NULL,
    member_no    bigint NOT NULL,
    origin_id    bigint NOT NULL,  -- the scan
    campaign_no  bigint NOT NULL,
    offer_no     bigint NOT NULL,  -- the account that is debited
    minor        bigint NOT NULL,
    created_at   timestamptz NOT NULL,
    lapses_at    timestamptz NOT NULL,
    next_at      timestamptz,  -- when to look after it; NULL: once something happens
    sent_at      timestamptz,  -- when it was asked for last
    version      integer NOT NULL DEFAULT 0,
    attempts     smallint NOT NULL DEFAULT 0,
    shard        smallint NOT NULL DEFAULT 0,
    cancelling   boolean NOT NULL DEFAULT false,
    disputed     boolean NOT NULL DEFAULT false,  -- told otherwise after its end
    currency     text NOT NULL DEFAULT 'CNY',
    state        text NOT NULL,
    provider     text,
    provider_ref text,
    fault        text,
    confirmation text,  -- by which the member confirms it, while the provider waits
    account      bytea,  -- where it was sent, as closed as in payees: the same each time
    -- Of which limits it took how much, and from whose row.
    limits       integer[] NOT NULL DEFAULT '{}',
    takes        bigint[] NOT NULL DEFAULT '{}',
    holders      bigint[] NOT NULL DEFAULT '{}',
    CONSTRAINT payouts_pkey PRIMARY KEY (shard, payout_id),
    CONSTRAINT payout_is_of_money CHECK (minor > 0),
    CONSTRAINT payout_state_is_known CHECK (state IN ('held', 'waiting', 'sent',
        'unknown', 'confirmed', 'paid', 'cancelled', 'failed')),
    CONSTRAINT what_was_sent_has_an_account CHECK (
        state IN ('held', 'waiting', 'cancelled') OR (sent_at IS NOT NULL
            AND account IS NOT NULL AND provider IS NOT NULL)),
    CONSTRAINT what_is_over_is_left_alone CHECK (
        state NOT IN ('paid', 'cancelled', 'failed') OR next_at IS NULL),
    CONSTRAINT each_limit_was_taken_from CHECK (cardinality(limits) = cardinality(takes)
        AND cardinality(limits) = cardinality(holders))
) WITH (fillfactor = 85);
CREATE INDEX payouts_due ON payouts (next_at, payout_id) WHERE next_at IS NOT NULL;
CREATE INDEX payouts_lapsing ON payouts (lapses_at, payout_id) WHERE state = 'waiting';
CREATE INDEX payouts_of_member ON payouts (member_no, payout_id);
CREATE INDEX payouts_by_state ON payouts (state, payout_id);
CREATE INDEX payouts_disputed ON payouts (payout_id) WHERE disputed;

-- What ends unpaid takes its reward back.
ALTER TABLE transfers DROP CONSTRAINT kind_is_known;
ALTER TABLE transfers ADD CONSTRAINT kind_is_known
    CHECK (kind IN ('posted', 'pending', 'post', 'void', 'reversal'));
