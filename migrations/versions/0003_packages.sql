-- Packages: which codes went to whom, ordered by one person and approved by another.

-- Ten codes that are void from birth, for the samples of every package of a product.
CREATE TABLE sample_batches (
    epoch    smallint NOT NULL REFERENCES epochs,
    gtin     text NOT NULL,
    batch_id bigint NOT NULL REFERENCES batches,
    PRIMARY KEY (epoch, gtin)
);

CREATE TABLE packages (
    package_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id          bigint NOT NULL REFERENCES batches,
    first_code_id     bigint NOT NULL,
    last_code_id      bigint NOT NULL CHECK (last_code_id >= first_code_id),
    document          jsonb NOT NULL,
    sample_code_id    bigint NOT NULL,
    printhouse        text,
    ordered_by        text NOT NULL,
    ordered_at        timestamptz NOT NULL,
    approved_by       text,
    approved_at       timestamptz CHECK ((approved_at IS NULL) = (approved_by IS NULL)),
    expires_at        timestamptz CHECK ((expires_at IS NULL) = (approved_at IS NULL)),
    wrapped_password  bytea,
    downloads_allowed integer NOT NULL CHECK (downloads_allowed BETWEEN 1 AND 20),
    downloads         integer NOT NULL DEFAULT 0,
    download_by       timestamptz,
    activate_by       timestamptz,
    cancelled_by      text,
    cancelled_at      timestamptz
        CHECK ((cancelled_at IS NULL) = (cancelled_by IS NULL)),
    cancel_reason     text,
    CONSTRAINT two_persons_package CHECK (approved_by <> ordered_by),
    CONSTRAINT downloads_are_counted CHECK (downloads BETWEEN 0 AND downloads_allowed),
    CONSTRAINT downloads_need_approval CHECK (downloads = 0 OR approved_at IS NOT NULL),
    CONSTRAINT packages_never_overlap EXCLUDE USING gist (
        int8range(first_code_id, last_code_id, '[]') WITH &&)
        WHERE (cancelled_at IS NULL)
);
CREATE INDEX packages_by_batch ON packages (batch_id);
CREATE INDEX packages_by_printhouse ON packages (printhouse, package_id)
    WHERE printhouse IS NOT NULL;

-- One row a download, counted before its first byte; the end is noted if it came.
CREATE TABLE package_downloads (
    download_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    package_id  bigint NOT NULL REFERENCES packages,
    at          timestamptz NOT NULL,
    person      text NOT NULL,
    token_id    text NOT NULL,
    address     text,
    finished_at timestamptz,
    size_bytes  bigint,
    sha256      text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    CHECK (num_nulls(finished_at, size_bytes, sha256) IN (0, 3))
);
CREATE INDEX package_downloads_by_package ON package_downloads (package_id);
