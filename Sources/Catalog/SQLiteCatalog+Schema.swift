import GRDB

extension SQLiteCatalog {
    /// The schema migrations. A released migration is never changed. Times are milliseconds since 1970 UTC.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 tasks and outputs") { database in
            try database.execute(
                sql: """
                    CREATE TABLE task (
                        key INTEGER PRIMARY KEY,
                        id TEXT NOT NULL UNIQUE,
                        state TEXT NOT NULL CHECK (state IN
                            ('waiting', 'leased', 'resolved', 'failed', 'cancelled', 'unavailable', 'held')),
                        source TEXT NOT NULL,
                        discovered_at INTEGER NOT NULL,
                        created_at INTEGER,
                        deadline INTEGER,
                        model TEXT,
                        prompt TEXT,
                        size TEXT,
                        resolution TEXT,
                        image_urls TEXT,
                        requested_at INTEGER,
                        has_request INTEGER NOT NULL DEFAULT 0,
                        answer TEXT,
                        due_at INTEGER NOT NULL,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        misses INTEGER NOT NULL DEFAULT 0,
                        readings INTEGER NOT NULL DEFAULT 0,
                        reason TEXT,
                        lease_token INTEGER NOT NULL DEFAULT 0,
                        lease_expires_at INTEGER
                    ) STRICT;
                    CREATE INDEX task_due ON task (state, due_at);
                    CREATE INDEX task_lease ON task (state, lease_expires_at);
                    CREATE INDEX task_created ON task (COALESCE(created_at, discovered_at) DESC, id);

                    CREATE VIRTUAL TABLE task_text USING fts5 (
                        prompt, content = 'task', content_rowid = 'key', tokenize = 'porter unicode61 remove_diacritics 2');
                    CREATE TRIGGER task_text_insert AFTER INSERT ON task BEGIN
                        INSERT INTO task_text (rowid, prompt) VALUES (new.key, new.prompt);
                    END;
                    CREATE TRIGGER task_text_delete AFTER DELETE ON task BEGIN
                        INSERT INTO task_text (task_text, rowid, prompt) VALUES ('delete', old.key, old.prompt);
                    END;
                    CREATE TRIGGER task_text_update AFTER UPDATE OF prompt ON task WHEN old.prompt IS NOT new.prompt BEGIN
                        INSERT INTO task_text (task_text, rowid, prompt) VALUES ('delete', old.key, old.prompt);
                        INSERT INTO task_text (rowid, prompt) VALUES (new.key, new.prompt);
                    END;

                    CREATE TABLE output (
                        key INTEGER PRIMARY KEY,
                        task INTEGER NOT NULL REFERENCES task (key) ON DELETE CASCADE,
                        idx INTEGER NOT NULL CHECK (idx >= 0),
                        state TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'archived', 'unavailable', 'held')),
                        link TEXT,
                        deadline INTEGER,
                        due_at INTEGER NOT NULL,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        gone_answers INTEGER NOT NULL DEFAULT 0,
                        suspect TEXT,
                        failure TEXT,
                        repeats INTEGER NOT NULL DEFAULT 0,
                        reason TEXT,
                        lease_token INTEGER NOT NULL DEFAULT 0,
                        lease_expires_at INTEGER,
                        ended_at INTEGER,
                        digest TEXT,
                        bytes INTEGER,
                        media_type TEXT,
                        format TEXT,
                        verdict TEXT,
                        width INTEGER,
                        height INTEGER,
                        expected_width INTEGER,
                        expected_height INTEGER,
                        ratio_error REAL,
                        pixel_ratio REAL,
                        on_grid INTEGER,
                        billed_tier TEXT,
                        delivered_tier TEXT,
                        overpaid_tenths INTEGER,
                        nearest_ratio TEXT,
                        nearest_tier TEXT,
                        nearest_width INTEGER,
                        nearest_height INTEGER,
                        thumb_digest TEXT, thumb_type TEXT, thumb_width INTEGER, thumb_height INTEGER,
                        preview_digest TEXT, preview_type TEXT, preview_width INTEGER, preview_height INTEGER,
                        thumb_hash TEXT,
                        perceptual_hash TEXT,
                        UNIQUE (task, idx),
                        CHECK (state NOT IN ('waiting', 'leased') OR link IS NOT NULL),
                        CHECK (state NOT IN ('archived', 'unavailable') OR (link IS NULL AND ended_at IS NOT NULL)),
                        CHECK (state <> 'archived' OR (digest IS NOT NULL AND verdict IS NOT NULL))
                    ) STRICT;
                    CREATE INDEX output_deadline ON output (state, deadline);
                    CREATE INDEX output_due ON output (state, due_at);
                    CREATE INDEX output_lease ON output (state, lease_expires_at);
                    CREATE TABLE submission (
                        key TEXT PRIMARY KEY,
                        request TEXT NOT NULL,
                        recorded_at INTEGER NOT NULL,
                        task TEXT
                    ) STRICT;
                    CREATE INDEX output_digest ON output (digest);
                    CREATE INDEX output_verdict ON output (verdict);
                    """)
        }
        migrator.registerMigration("2 summaries") { try Self.addSummaries(in: $0) }
        registerCopies(&migrator)
        migrator.registerMigration("4 retries and risks") { database in
            try database.execute(
                sql: """
                    ALTER TABLE task ADD COLUMN retries_undecodable INTEGER NOT NULL DEFAULT 0;
                    CREATE INDEX task_open ON task (COALESCE(created_at, discovered_at)) WHERE state IN ('waiting', 'leased', 'held');
                    """)
        }
        migrator.registerMigration("5 four letters") { try Self.indexFourLetters(in: $0) }
        migrator.registerMigration(Self.sealing) { try Self.addLinkKey(in: $0) }
        migrator.registerMigration("7 caller keys") { try $0.execute(sql: Self.callerKeys) }
        migrator.registerMigration("8 outbox") { try Self.addOutbox(in: $0) }
        migrator.registerMigration("9 patience") { try Self.addPatience(in: $0) }
        migrator.registerMigration("hints") { try $0.execute(sql: Self.hints) }
        migrator.registerMigration("accounts") { try $0.execute(sql: Self.accounts) }
        migrator.registerMigration("task accounts") { try $0.execute(sql: Self.taskAccounts) }
        migrator.registerMigration("bounded sums") { try Self.boundSums(in: $0) }
        migrator.registerMigration("spread places") { try Self.spreadPlaces(in: $0) }
        migrator.registerMigration("credentials") { try $0.execute(sql: Self.credentials) }
        migrator.registerMigration("credential summaries") { try $0.execute(sql: Self.credentialSummaries) }
        return migrator
    }
}
