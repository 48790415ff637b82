import { readdir, readFile } from 'node:fs/promises';
import type { Pool } from 'pg';

// Any number that no other program on this database uses.
const LOCK = 7_301_954;

/**
 * Applies the files of `folder` that this database has not seen, in the order of their names, each
 * in a transaction. Tasks that start together take turns. Returns the names of what was applied.
 */
export async function migrate(pool: Pool, folder: URL): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const client = await pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await client.query('CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY)');
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
    const seen = new Set(rows.map((row) => row.name));
    const pending = files.filter((name) => !seen.has(name));
    for (const name of pending) {
      await client.query('BEGIN');
      await client.query(await readFile(new URL(name, folder), 'utf8'));
      await client.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
      await client.query('COMMIT');
    }
    return pending;
  } finally {
    // Closes the connection: an open transaction ends with it, and so does the lock.
    client.release(true);
  }
}
