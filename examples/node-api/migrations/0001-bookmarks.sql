CREATE TABLE bookmarks (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  url        text NOT NULL UNIQUE,
  title      text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
