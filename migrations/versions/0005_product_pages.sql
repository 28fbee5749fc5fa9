-- Where a product's own page is, for those who resolve its GTIN.
ALTER TABLE products ADD COLUMN page_url text
    CHECK (page_url ~ '^https?://[!-~]+$' AND length(page_url) <= 512);
