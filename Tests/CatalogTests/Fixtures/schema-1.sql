-- The first released schema as it was, with rows in every state. Never edited: the catalogs of users look like this.
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
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES ('1 tasks and outputs');
INSERT INTO task (key, id, state, source, discovered_at, created_at, due_at, attempts, reason) VALUES (1, 't-waiting', 'waiting', 'sweep', 1795348860000, NULL, 1795348805000, 1, '429');
INSERT INTO task (key, id, state, source, discovered_at, created_at, due_at, lease_token, lease_expires_at) VALUES (2, 't-leased', 'leased', 'sweep', 1795348860000, 1795345200000, 1795348800000, 3, 1795348830000);
INSERT INTO task (key, id, state, source, discovered_at, created_at, due_at, reason, prompt, has_request) VALUES (3, 't-failed', 'failed', 'sweep', 1795348860000, 1795341600000, 1795348800000, 'content policy', 'a forbidden fox', 1);
INSERT INTO task (key, id, state, source, discovered_at, created_at, due_at, reason) VALUES (4, 't-cancelled', 'cancelled', 'sweep', 1795348860000, 1795338000000, 1795348800000, 'cancelled upstream');
INSERT INTO task (key, id, state, source, discovered_at, created_at, due_at, reason) VALUES (5, 't-unavailable', 'unavailable', 'sweep', 1795348860000, 1795334400000, 1795348800000, 'the upstream does not know the task');
INSERT INTO task (key, id, state, source, discovered_at, created_at, due_at, reason) VALUES (6, 't-held', 'held', 'sweep', 1795348860000, 1795330800000, 1795348800000, '401');
INSERT INTO task (key, id, state, source, discovered_at, created_at, due_at, model, prompt, size, resolution, requested_at, has_request, answer, deadline) VALUES (7, 't-done', 'resolved', 'sweep', 1795348860000, 1795327200000, 1795348800000, 'gpt-image-2', 'Ein rotes Fahrrad im Regen', '16:9', '4K', 1795327200000, 1, '{"id":"t-done"}', 1795413600000);
INSERT INTO task (key, id, state, source, discovered_at, created_at, due_at, model, prompt, size, has_request, image_urls, answer) VALUES (8, 't-auto', 'resolved', 'sweep', 1795348860000, 1795240800000, 1795348800000, 'gpt-image-2', 'running foxes in the snow', 'auto', 1, '["https://a.example/1.png"]', '{"id":"t-auto"}');
INSERT INTO task (key, id, state, source, discovered_at, created_at, due_at, answer) VALUES (9, 't-queue', 'resolved', 'sweep', 1795348860000, 1795323600000, 1795348800000, '{"id":"t-queue"}');
INSERT INTO output (task, idx, state, due_at, digest, verdict, expected_width, expected_height, billed_tier, delivered_tier, overpaid_tenths, on_grid, ratio_error, pixel_ratio, deadline, bytes, media_type, format, width, height, thumb_digest, thumb_type, thumb_width, thumb_height, preview_digest, preview_type, preview_width, preview_height, thumb_hash, perceptual_hash, ended_at, attempts) VALUES (7, 0, 'archived', 1795348800000, 'abababababababababababababababababababababababababababababababab', 'undersized', 3840, 2160, '4K', '1K', 16, 0, 0.0005, 0.19, 1795413600000, 1000, 'image/png', 'png', 1672, 941, 'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', 'image/jpeg', 512, 288, 'efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef', 'image/jpeg', 1280, 720, 'LAgODIJf', 'cb36b2344dcb4b25', 1795348800000, 1);
INSERT INTO output (task, idx, state, due_at, reason, ended_at, attempts, deadline) VALUES (7, 1, 'unavailable', 1795348800000, 'gone: 404', 1795352400000, 4, 1795413600000);
INSERT INTO output (task, idx, state, due_at, digest, verdict, billed_tier, delivered_tier, overpaid_tenths, on_grid, bytes, media_type, format, width, height, thumb_digest, thumb_type, thumb_width, thumb_height, preview_digest, preview_type, preview_width, preview_height, thumb_hash, perceptual_hash, ended_at, attempts) VALUES (8, 0, 'archived', 1795348800000, '1212121212121212121212121212121212121212121212121212121212121212', 'accepted', '1K', '1K', 0, 0, 234, 'image/png', 'png', 1672, 941, 'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', 'image/jpeg', 512, 288, 'efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef', 'image/jpeg', 1280, 720, 'LAgODIJf', 'cb36b2344dcb4b25', 1795348800000, 1);
INSERT INTO output (task, idx, state, due_at, link, deadline) VALUES (9, 0, 'waiting', 1795348799999, 'https://f.example/0.png?s=1', 1795410000000);
INSERT INTO output (task, idx, state, due_at, link, deadline, attempts, failure, repeats, reason) VALUES (9, 1, 'waiting', 1795348799999, 'https://f.example/1.png?s=1', 1795356000000, 2, 'cut', 2, 'the connection was cut');
INSERT INTO output (task, idx, state, due_at, link, deadline) VALUES (9, 2, 'waiting', 1795348799999, 'https://f.example/2.png?s=1', 1795345200000);
INSERT INTO output (task, idx, state, due_at, link, deadline) VALUES (9, 3, 'waiting', 1795352400000, 'https://f.example/3.png?s=1', 1795352400000);
INSERT INTO output (task, idx, state, due_at, link, deadline, lease_token, lease_expires_at) VALUES (9, 4, 'leased', 1795348800000, 'https://f.example/4.png?s=1', 1795359600000, 7, 1795348799999);
INSERT INTO output (task, idx, state, due_at, link, deadline) VALUES (9, 5, 'held', 1795348800000, 'https://f.example/5.png?s=1', 1795381200000);
INSERT INTO submission (key, request, recorded_at) VALUES ('k-open', '{"prompt":"a paper boat","size":"1:1"}', 1795348800000);
INSERT INTO submission (key, request, recorded_at, task) VALUES ('k-done', '{"prompt":"a hen"}', 1795348800000, 't-done');
