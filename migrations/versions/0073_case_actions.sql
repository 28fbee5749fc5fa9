-- What an analyst did beyond a case, and who took it back. It stays on one node.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE case_actions (
    action_id bigint NOT NULL,
    case_id   bigint NOT NULL,
    at        timestamptz NOT NULL,
    undone_at timestamptz,
    kind      text NOT NULL,
    person    text NOT NULL,
    undone_by text,
    asked     jsonb NOT NULL,
    made      text NOT NULL,  -- the number or name of what was made or moved by it
    CONSTRAINT case_actions_pkey PRIMARY KEY (action_id),
    CONSTRAINT case_action_of_a_case FOREIGN KEY (case_id) REFERENCES cases,
    CONSTRAINT case_action_is_known CHECK (kind IN ('block', 'void_range',
        'recall_range', 'freeze_tier', 'pause_campaign')),
    CONSTRAINT undone_by_somebody CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE INDEX case_actions_of_case ON case_actions (case_id, action_id);

-- What a frozen tier would pay, the next one pays.
ALTER TABLE offers ADD COLUMN is_frozen boolean NOT NULL DEFAULT false;
