-- Collecting cards. A set and its cards are small and the same on every node; how many a
-- member has of a card is their balance in its unit.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- A set shares the space of accounts: what completing it gives is paid by it.
CREATE TABLE card_sets (
    set_no     bigint NOT NULL DEFAULT nextval('account_numbers'),
    set_id     text NOT NULL,
    name       text NOT NULL,
    brand      text,
    completes  jsonb NOT NULL,  -- what who has all of its cards is given
    created_at timestamptz NOT NULL,
    CONSTRAINT card_sets_pkey PRIMARY KEY (set_no),
    CONSTRAINT one_set_of_a_name UNIQUE (set_id)
);

CREATE TABLE cards (
    unit        smallint NOT NULL,
    set_no      bigint NOT NULL,
    place       smallint NOT NULL,
    card_id     text NOT NULL,
    name        text NOT NULL,
    per_million integer NOT NULL,
    CONSTRAINT cards_pkey PRIMARY KEY (unit),
    CONSTRAINT card_is_a_unit FOREIGN KEY (unit) REFERENCES units,
    CONSTRAINT card_of_a_set FOREIGN KEY (set_no) REFERENCES card_sets,
    CONSTRAINT one_card_of_a_name UNIQUE (set_no, card_id),
    CONSTRAINT one_card_of_a_place UNIQUE (set_no, place),
    CONSTRAINT card_comes_up CHECK (per_million BETWEEN 1 AND 1000000)
);

-- A set that a member has a card of, and when they had them all, once for ever.
-- `transfer_id` is the last card's; `award_id` the number under which what the set gives
-- was paid.
CREATE TABLE collected_sets (
    member_no    bigint NOT NULL,
    set_no       bigint NOT NULL,
    transfer_id  bigint,
    completed_at timestamptz,
    award_id     bigint,
    awarded_at   timestamptz,
    shard        smallint NOT NULL DEFAULT 0,
    CONSTRAINT collected_sets_pkey PRIMARY KEY (shard, member_no, set_no),
    CONSTRAINT completed_by_a_card
        CHECK ((transfer_id IS NULL) = (completed_at IS NULL)),
    CONSTRAINT awarded_under_a_number
        CHECK ((award_id IS NULL) = (awarded_at IS NULL)),
    CONSTRAINT awarded_once_complete
        CHECK (awarded_at IS NULL OR completed_at IS NOT NULL)
) WITH (fillfactor = 85);
CREATE INDEX collected_sets_unpaid ON collected_sets (completed_at)
    WHERE completed_at IS NOT NULL AND awarded_at IS NULL;
