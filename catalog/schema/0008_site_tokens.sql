-- Tokens that the node generates for sites. Nobody can guess them. Terminals get them for a short code. A token that
-- somebody made up stays in sites.token.
ALTER TABLE sites ADD COLUMN generated_token TEXT NOT NULL DEFAULT '';  -- 128 random bits in hex; '' none yet
CREATE UNIQUE INDEX sites_by_generated_token ON sites (generated_token) WHERE generated_token <> '';
