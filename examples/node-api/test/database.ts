import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** The PostgreSQL server to test against, if there is one. */
export const databaseUrl = process.env['DATABASE_URL'] ?? '';

export interface Database {
  readonly pool: pg.Pool;
  /** A URL whose connections see nothing but this database's own schema. */
  readonly url: string;
  drop(): Promise<void>;
}

/** An empty schema of its own, so that test files can run at the same time. */
export async function emptyDatabase(): Promise<Database> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(databaseUrl);
  url.searchParams.set('options', `-c search_path=${schema}`);
  const pool = new pg.Pool({ connectionString: url.href });
  await pool.query(`CREATE SCHEMA ${schema}`);
  return {
    pool,
    url: url.href,
    async drop() {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
    },
  };
}
