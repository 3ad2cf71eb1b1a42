-- The limits that a technician sets for the links, and how much of its daily budget each site has used.
CREATE TABLE link (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    cap_bps INTEGER NOT NULL                 -- of the county's uplink; 0: no limit
);
INSERT INTO link (id, cap_bps) VALUES (1, 0);

CREATE TABLE sites (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    ranges TEXT NOT NULL,                    -- of addresses: "10.1.0.0/16, fd00:1::/32"; '' none
    token TEXT NOT NULL,                     -- a terminal that sends it belongs to this site; '' none
    cap_bps INTEGER NOT NULL,                -- of all its terminals together; 0: no limit
    terminal_cap_bps INTEGER NOT NULL,       -- of each terminal; 0: no limit
    download_from_minute INTEGER NOT NULL,   -- of the day, local time: downloads are allowed in the window
    download_to_minute INTEGER NOT NULL,     -- [from, to); equal: at any time
    budget_bytes INTEGER NOT NULL            -- per day; 0: no limit
);
CREATE UNIQUE INDEX sites_by_token ON sites (token) WHERE token <> '';

-- How much each site used: one row per day. If it is lost, the day's budgets start again.
CREATE TABLE site_days (
    site_id INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,                    -- yyyymmdd, local time
    sent_bytes INTEGER NOT NULL,
    PRIMARY KEY (site_id, day)
) WITHOUT ROWID;
