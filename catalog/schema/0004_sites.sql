-- What a technician states about the links, and what sites have taken of their daily budgets.
CREATE TABLE link (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    cap_bps INTEGER NOT NULL                 -- of the county's uplink; 0: not limited
);
INSERT INTO link (id, cap_bps) VALUES (1, 0);

CREATE TABLE sites (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    ranges TEXT NOT NULL,                    -- of addresses: "10.1.0.0/16, fd00:1::/32"; '' none
    token TEXT NOT NULL,                     -- terminals that show it belong here; '' none
    cap_bps INTEGER NOT NULL,                -- of all its terminals together; 0: not limited
    terminal_cap_bps INTEGER NOT NULL,       -- of each of them; 0: not limited
    download_from_minute INTEGER NOT NULL,   -- of the day, local time: downloads are let through from here on,
    download_to_minute INTEGER NOT NULL,     -- and no longer; alike: at any time
    budget_bytes INTEGER NOT NULL            -- a day; 0: not limited
);
CREATE UNIQUE INDEX sites_by_token ON sites (token) WHERE token <> '';

-- Can be lost: what each site took, a row a day.
CREATE TABLE site_days (
    site_id INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,                    -- yyyymmdd, local time
    sent_bytes INTEGER NOT NULL,
    PRIMARY KEY (site_id, day)
) WITHOUT ROWID;
