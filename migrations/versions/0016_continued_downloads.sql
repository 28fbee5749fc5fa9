-- A download is what one person takes of one content, in as many requests as it needs.
-- `bytes_sent` counts each byte as often as it was sent; while a request is under way
-- it holds all that the request asked for. `parts` are the bytes that were taken.
ALTER TABLE package_downloads
    ADD COLUMN etag text,
    ADD COLUMN length bigint,
    ADD COLUMN requests integer NOT NULL DEFAULT 1,
    ADD COLUMN bytes_sent bigint NOT NULL DEFAULT 0,
    ADD COLUMN parts int8multirange NOT NULL DEFAULT '{}',
    ADD COLUMN content_sha256 text,
    ADD CONSTRAINT length_of_etag CHECK ((etag IS NULL) = (length IS NULL)),
    ADD CONSTRAINT bytes_are_counted CHECK (bytes_sent >= 0);
