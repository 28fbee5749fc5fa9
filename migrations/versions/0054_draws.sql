-- Draws: what each promises, its tickets, who won and who claimed. docs/draws.md says
-- by which rule; docs/decisions/0022 why it is done so.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- A draw shares the space of accounts: what its prizes pay is paid by it. Nothing of it
-- changes but that it is drawn, once. The secrets are closed with a key that the
-- database does not have; the seed is the one that was committed to.
CREATE TABLE draws (
    draw_no           integer NOT NULL DEFAULT nextval('account_numbers'),
    draw_id           text NOT NULL,
    name              text NOT NULL,
    brand             text,
    opens_at          timestamptz NOT NULL,
    closes_at         timestamptz NOT NULL,
    draws_at          timestamptz NOT NULL,
    entry             text NOT NULL,
    most_tickets      integer,  -- a member; none: as many as one gets
    claim_days        integer NOT NULL,
    commitment        bytea NOT NULL,
    sealed_seed       bytea NOT NULL,
    sealed_ticket_key bytea NOT NULL,
    created_at        timestamptz NOT NULL,
    seed              bytea,
    tickets           bigint,  -- that took part
    tickets_digest    bytea,
    drawn_at          timestamptz,
    claims_until      timestamptz,
    CONSTRAINT draws_pkey PRIMARY KEY (draw_no),
    CONSTRAINT one_draw_of_a_name UNIQUE (draw_id),
    CONSTRAINT entry_is_known CHECK (entry IN ('awarded', 'open')),
    CONSTRAINT draw_has_an_order CHECK (opens_at < closes_at AND closes_at <= draws_at),
    CONSTRAINT draw_is_drawn_whole CHECK (
        num_nulls(seed, tickets, tickets_digest, drawn_at, claims_until) IN (0, 5)),
    CONSTRAINT seed_is_the_one_committed_to CHECK (sha256(seed) = commitment)
);

CREATE TABLE draw_prizes (
    draw_no  integer NOT NULL,
    prize_no smallint NOT NULL,  -- in which order they are drawn
    prize_id text NOT NULL,
    name     text NOT NULL,
    quantity integer NOT NULL,
    CONSTRAINT draw_prizes_pkey PRIMARY KEY (draw_no, prize_no),
    CONSTRAINT prize_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws,
    CONSTRAINT one_prize_of_a_name UNIQUE (draw_no, prize_id),
    CONSTRAINT prize_is_there CHECK (quantity > 0)
);

-- The next number of each draw, and how many tickets take part. Its lock is the last
-- that is taken; nothing is added to a draw that is frozen.
CREATE TABLE draw_counters (
    draw_no   integer NOT NULL,
    next_no   bigint NOT NULL DEFAULT 1,
    tickets   bigint NOT NULL DEFAULT 0,
    frozen_at timestamptz,
    CONSTRAINT draw_counters_pkey PRIMARY KEY (draw_no),
    CONSTRAINT counter_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws,
    CONSTRAINT tickets_have_numbers CHECK (tickets >= 0 AND tickets < next_no)
) WITH (fillfactor = 10);

-- Tickets that a member got at once: the numbers from first_no on. A ticket's code is
-- stored nowhere: number and key give it.
CREATE TABLE draw_tickets (
    first_no    bigint NOT NULL,
    member_no   bigint NOT NULL,
    transfer_id bigint NOT NULL,
    origin_id   bigint,  -- the scan; none: the member took part
    added_at    timestamptz NOT NULL,
    draw_no     integer NOT NULL,
    amount      integer NOT NULL,
    shard       smallint NOT NULL DEFAULT 0,
    state       text NOT NULL,
    CONSTRAINT draw_tickets_pkey PRIMARY KEY (shard, draw_no, first_no),
    CONSTRAINT ticket_state_is_known
        CHECK (state IN ('valid', 'held', 'void', 'late')),
    CONSTRAINT there_is_a_ticket CHECK (first_no > 0 AND amount > 0)
) WITH (fillfactor = 90);
CREATE INDEX draw_tickets_of_member ON draw_tickets (member_no, added_at);
CREATE INDEX draw_tickets_held ON draw_tickets (transfer_id) WHERE state = 'held';
-- Who takes part does so once.
CREATE UNIQUE INDEX one_entry_of_a_member ON draw_tickets (shard, draw_no, member_no)
    WHERE origin_id IS NULL;

-- The published file, closed in pieces with gzip: the first has what was promised, the
-- last who won.
CREATE TABLE draw_publications (
    draw_no integer NOT NULL,
    part_no integer NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT draw_publications_pkey PRIMARY KEY (draw_no, part_no),
    CONSTRAINT part_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws
);
ALTER TABLE draw_publications ALTER COLUMN content SET STORAGE EXTERNAL;

-- The prizes that were won, counted over all kinds of a draw. Only ever added to.
CREATE TABLE draw_winners (
    draw_no   integer NOT NULL,
    place     integer NOT NULL,
    ticket_no bigint NOT NULL,
    member_no bigint NOT NULL,
    CONSTRAINT draw_winners_pkey PRIMARY KEY (draw_no, place),
    CONSTRAINT winner_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws,
    CONSTRAINT a_ticket_wins_once UNIQUE (draw_no, ticket_no)
);
CREATE INDEX draw_winners_of_member ON draw_winners (member_no, draw_no, place);

-- Only ever added to.
CREATE TABLE draw_claims (
    draw_no    integer NOT NULL,
    place      integer NOT NULL,
    claimed_at timestamptz NOT NULL,
    address    bytea,  -- where a prize is sent, closed
    CONSTRAINT draw_claims_pkey PRIMARY KEY (draw_no, place),
    CONSTRAINT claim_of_a_winner FOREIGN KEY (draw_no, place) REFERENCES draw_winners
);

-- A limit is of a campaign, of a pool, of a gift or of a draw.
ALTER TABLE limits ADD COLUMN draw_no integer;
ALTER TABLE limits
    ADD CONSTRAINT limits_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws;
ALTER TABLE limits ADD CONSTRAINT one_limit_of_a_kind_of_a_draw UNIQUE (draw_no, per);
ALTER TABLE limits DROP CONSTRAINT limit_is_of_one;
ALTER TABLE limits ADD CONSTRAINT limit_is_of_one
    CHECK (num_nonnulls(campaign_no, pool_no, gift_no, draw_no) = 1);
