-- Cases: holds of one attack, which a person decides together. They stay on one node:
-- a row a hold that rules made, which is one scan in a thousand.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Which case a hold is in, so that what is in none yet is found without reading any
-- other. Nothing on the scan path writes or reads it.
ALTER TABLE holds ADD COLUMN case_id bigint;
CREATE INDEX holds_without_case ON holds (transfer_id)
    WHERE resolution IS NULL AND reason = 'rules' AND case_id IS NULL;

-- Figures with _waiting tell what nobody has decided yet; `scans` counts all.
CREATE TABLE cases (
    case_id        bigint NOT NULL,
    points         bigint NOT NULL,
    minor          bigint NOT NULL,
    worth          bigint NOT NULL GENERATED ALWAYS AS (points + minor) STORED,
    opened_at      timestamptz NOT NULL,
    last_at        timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,
    decided_at     timestamptz,
    assigned_until timestamptz,
    snoozed_until  timestamptz,
    version        integer NOT NULL DEFAULT 1,
    others         integer NOT NULL,  -- coupons, gifts and whatever is no sum
    scans          integer NOT NULL,
    waiting        integer NOT NULL,
    unexplained    integer NOT NULL,  -- scans that no rule hit
    score          integer NOT NULL,
    heaviest       integer NOT NULL,  -- the score of the weightiest rule that hit
    is_over        boolean NOT NULL GENERATED ALWAYS AS (state = 'decided') STORED,
    collects       boolean NOT NULL DEFAULT true,  -- new holds of the attack join it
    kind           text NOT NULL,
    subject_kind   text NOT NULL,
    subject        text NOT NULL,
    subject_name   text NOT NULL,  -- as people know it
    state          text NOT NULL DEFAULT 'open',
    queue          text NOT NULL DEFAULT 'first',
    assignee       text,
    decision       text,
    decided_by     text,
    proposed_by    text,
    proposal       jsonb,
    rules          text[] NOT NULL,
    CONSTRAINT cases_pkey PRIMARY KEY (case_id),
    CONSTRAINT case_kind_is_known CHECK (kind IN ('clone', 'device_farm', 'collector',
        'case_scan', 'velocity', 'leak', 'diversion', 'honey', 'outage', 'other')),
    CONSTRAINT case_subject_is_known CHECK (subject_kind IN ('code', 'device', 'member',
        'network', 'batch')),
    CONSTRAINT case_state_is_known CHECK (state IN ('open', 'waiting', 'decided')),
    CONSTRAINT case_decision_is_known CHECK (decision IN ('approve', 'deny')),
    CONSTRAINT only_open_cases_collect CHECK (NOT collects OR state = 'open'),
    CONSTRAINT a_second_person_is_asked_something
        CHECK ((state = 'waiting') = (proposal IS NOT NULL)
            AND (proposal IS NULL) = (proposed_by IS NULL)),
    CONSTRAINT decided_whole CHECK ((state = 'decided') = (decided_at IS NOT NULL)
        AND (state = 'decided') = (decision IS NOT NULL)
        AND (state = 'decided') = (decided_by IS NOT NULL)
        AND (state <> 'decided' OR waiting = 0)),
    CONSTRAINT assigned_for_a_while
        CHECK ((assignee IS NULL) = (assigned_until IS NULL)),
    CONSTRAINT case_sums_are_sound CHECK (points >= 0 AND minor >= 0 AND others >= 0
        AND waiting BETWEEN 0 AND scans AND unexplained BETWEEN 0 AND scans)
);
-- One attack, one case.
CREATE UNIQUE INDEX one_case_of_an_attack ON cases (kind, subject_kind, subject)
    WHERE collects;
CREATE INDEX cases_by_due ON cases (is_over, due_at, case_id);
CREATE INDEX cases_by_worth ON cases (is_over, worth DESC, case_id DESC);
CREATE INDEX cases_by_score ON cases (is_over, score DESC, case_id DESC);
CREATE INDEX cases_by_assignee ON cases (assignee, due_at) WHERE assignee IS NOT NULL;
CREATE INDEX cases_of_subject ON cases (subject_kind, subject, case_id);

-- A hold's scan, and what waits of it; `entry_id` is the decision that settled it.
CREATE TABLE case_scans (
    scan_id  bigint NOT NULL,
    case_id  bigint NOT NULL,
    points   bigint NOT NULL,
    minor    bigint NOT NULL,
    entry_id bigint,
    others   integer NOT NULL,
    score    integer NOT NULL,
    CONSTRAINT case_scans_pkey PRIMARY KEY (scan_id),
    CONSTRAINT case_scan_of_a_case FOREIGN KEY (case_id) REFERENCES cases
);
CREATE INDEX case_scans_of_case ON case_scans (case_id, scan_id);

-- What happened to a case; append-only by grant.
CREATE TABLE case_entries (
    entry_id bigint NOT NULL,
    case_id  bigint NOT NULL,
    at       timestamptz NOT NULL,
    kind     text NOT NULL,
    person   text NOT NULL,
    detail   jsonb NOT NULL,
    CONSTRAINT case_entries_pkey PRIMARY KEY (entry_id),
    CONSTRAINT case_entry_of_a_case FOREIGN KEY (case_id) REFERENCES cases
);
CREATE INDEX case_entries_of_case ON case_entries (case_id, entry_id);

CREATE TABLE case_settings (
    version     integer NOT NULL,
    terms       jsonb NOT NULL,
    state       text NOT NULL,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    CONSTRAINT case_settings_pkey PRIMARY KEY (version),
    CONSTRAINT case_settings_state_is_known
        CHECK (state IN ('draft', 'active', 'retired')),
    CONSTRAINT case_settings_hold_once_approved
        CHECK ((state = 'draft') = (approved_by IS NULL)
            AND (approved_by IS NULL) = (approved_at IS NULL))
);
CREATE UNIQUE INDEX one_active_case_settings ON case_settings (state)
    WHERE state = 'active';
