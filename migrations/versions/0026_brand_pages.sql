-- How a brand looks and where it is reached, on the pages of its caps.
CREATE TABLE brand_kits (
    brand       text PRIMARY KEY,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    "primary"   text CONSTRAINT primary_is_a_colour CHECK ("primary" ~ '^#[0-9a-f]{6}$'),
    accent      text CONSTRAINT accent_is_a_colour CHECK (accent ~ '^#[0-9a-f]{6}$'),
    hotline     text,
    contact_url text,
    wechat      text,
    privacy_url text,
    rules_url   text,
    footer      text,
    logo_digest text,
    logo_type   text,
    logo        bytea,
    changed_at  timestamptz NOT NULL,
    version     bigint NOT NULL DEFAULT current_range_version(),
    CONSTRAINT kit_texts_are_short CHECK (greatest(length(brand), length(name_zh),
        length(name_en), length(hotline), length(wechat)) <= 64
        AND greatest(length(contact_url), length(privacy_url), length(rules_url),
        length(footer)) <= 512),
    CONSTRAINT logo_is_whole_and_small CHECK (
        (logo IS NULL) = (logo_digest IS NULL) AND (logo IS NULL) = (logo_type IS NULL)
        AND octet_length(logo) <= 32768
        AND logo_type IN ('image/png', 'image/svg+xml'))
);
CREATE INDEX brand_kits_by_logo ON brand_kits (logo_digest);
CREATE INDEX brand_kits_by_version ON brand_kits (version);

-- What consumers take for a fake. A code of ours is kept by its number, since it is
-- worth money; what is none of ours as it was read. Nothing says who reported.
CREATE TABLE suspected_fakes (
    shard     smallint NOT NULL DEFAULT 0,
    report_id bigint NOT NULL,   -- tells time, as the ids of scans do
    reference text NOT NULL CONSTRAINT reference_can_be_told
        CHECK (reference ~ '^[0-9A-HJKMNP-TV-Z]{8}$'),
    code_id   bigint,
    seen      text CONSTRAINT seen_is_short CHECK (length(seen) <= 256),
    brand     text,
    place     text NOT NULL CONSTRAINT place_is_short CHECK (length(place) <= 100),
    note      text NOT NULL CONSTRAINT note_is_short CHECK (length(note) <= 500),
    language  text NOT NULL,
    PRIMARY KEY (shard, report_id),
    CONSTRAINT one_report_a_reference UNIQUE (shard, reference)
);
