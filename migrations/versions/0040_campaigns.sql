-- Campaigns in versions. What a worker reads stays in `campaigns` and `limits`: the terms
-- of the version that is active, or of a draft's first one, which pays nothing.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE campaigns ADD COLUMN state text NOT NULL DEFAULT 'active';
ALTER TABLE campaigns ADD COLUMN active_version integer;
ALTER TABLE campaigns ADD CONSTRAINT campaign_state_is_known
    CHECK (state IN ('draft', 'active', 'paused', 'stopped'));

-- A limit that no version has any more stays, for what was taken from it and may be
-- given back.
ALTER TABLE limits ADD COLUMN in_force boolean NOT NULL DEFAULT true;

-- The terms as their marketer wrote them, and who took which step. Nobody approves what
-- the operator makes at the machine itself.
CREATE TABLE campaign_versions (
    campaign_no  bigint NOT NULL,
    version      integer NOT NULL,
    state        text NOT NULL DEFAULT 'draft',
    terms        jsonb NOT NULL,
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL,
    approved_by  text,
    approved_at  timestamptz,
    activated_by text,
    activated_at timestamptz,
    CONSTRAINT campaign_versions_pkey PRIMARY KEY (campaign_no, version),
    CONSTRAINT version_of_a_campaign FOREIGN KEY (campaign_no) REFERENCES campaigns,
    CONSTRAINT version_state_is_known
        CHECK (state IN ('draft', 'approved', 'active', 'retired')),
    CONSTRAINT two_persons_campaign
        CHECK (fold_name(approved_by) <> fold_name(created_by)),
    CONSTRAINT nothing_pays_unapproved
        CHECK (state = 'draft' OR approved_by IS NOT NULL OR created_by = 'operator')
);
CREATE UNIQUE INDEX one_active_version ON campaign_versions (campaign_no)
    WHERE state = 'active';

-- What there was, as if somebody had written it so.
INSERT INTO campaign_versions (campaign_no, version, state, terms, created_by,
    created_at, activated_by, activated_at)
SELECT c.campaign_no, 1, 'active', jsonb_build_object(
        'name', jsonb_build_object('zh', n.name, 'en', n.name),
        'starts_at', greatest(least(c.starts_at, t.last), t.first),
        'ends_at', CASE WHEN c.ends_at IS NOT NULL
            THEN greatest(least(c.ends_at, t.last), t.first) END,
        'offers', jsonb_build_array(jsonb_build_object(
            'offer_id', 'points', 'kind', 'points', 'amount', c.points)),
        'budget', CASE WHEN b.most IS NOT NULL
            THEN jsonb_build_object('points', b.most) END,
        'caps', CASE WHEN d.most IS NULL THEN '[]' ELSE jsonb_build_array(
            jsonb_build_object('per', 'member_day', 'of', 'points', 'most', d.most))
            END),
    'operator', c.created_at, 'operator', c.created_at
FROM campaigns AS c
CROSS JOIN (VALUES (timestamptz '2000-01-01T00:00:00Z',
    timestamptz '2199-12-31T23:59:59.999999Z')) AS t (first, last)
CROSS JOIN LATERAL (VALUES (coalesce(nullif(left(c.name, 64), ''), c.campaign_id)))
    AS n (name)
LEFT JOIN limits AS b ON b.campaign_no = c.campaign_no AND b.per = 'total'
LEFT JOIN limits AS d ON d.campaign_no = c.campaign_no AND d.per = 'member_day';
UPDATE campaigns SET active_version = 1;
