import type { Pool } from 'pg';
import type { Bookmark, NewBookmark } from './bookmark.js';
import type { BookmarkStore, Page } from './store.js';

const COLUMNS = 'id, url, title, tags, created_at AS "createdAt"';

export class PostgresStore implements BookmarkStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async ping(): Promise<void> {
    // Asks the table, not just the server: before the migrations ran the service is not ready.
    await this.#pool.query('SELECT FROM bookmarks LIMIT 1');
  }

  async add({ url, title, tags }: NewBookmark): Promise<Bookmark | undefined> {
    const { rows } = await this.#pool.query<Bookmark>(
      `INSERT INTO bookmarks (url, title, tags) VALUES ($1, $2, $3)
       ON CONFLICT (url) DO NOTHING RETURNING ${COLUMNS}`,
      [url, title, tags],
    );
    return rows[0];
  }

  async get(id: string): Promise<Bookmark | undefined> {
    const { rows } = await this.#pool.query<Bookmark>(
      `SELECT ${COLUMNS} FROM bookmarks WHERE id = $1`,
      [id],
    );
    return rows[0];
  }

  async list({ limit, before, tag }: Page): Promise<Bookmark[]> {
    const { rows } = await this.#pool.query<Bookmark>(
      `SELECT ${COLUMNS} FROM bookmarks
       WHERE ($2::bigint IS NULL OR id < $2) AND ($3::text IS NULL OR tags @> ARRAY[$3])
       ORDER BY id DESC LIMIT $1`,
      [limit, before ?? null, tag ?? null],
    );
    return rows;
  }

  async remove(id: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query('DELETE FROM bookmarks WHERE id = $1', [id]);
    return rowCount === 1;
  }
}
