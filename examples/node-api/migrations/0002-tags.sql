ALTER TABLE bookmarks ADD COLUMN tags text[] NOT NULL DEFAULT '{}';

CREATE INDEX bookmarks_tags ON bookmarks USING gin (tags);
