-- From where each user has logged in. Guesses of a password from elsewhere do not lock the user out there.
CREATE TABLE user_networks (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network TEXT NOT NULL,                   -- an IPv4 address, or "2001:db8:1:2::/64"
    last_ms INTEGER NOT NULL,                -- the last login; wall time
    PRIMARY KEY (user_id, network)
) WITHOUT ROWID;

-- To find the uploads of a user who is removed.
CREATE INDEX uploads_of_user ON uploads (user);
