import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, suite, test } from 'node:test';
import { databaseUrl, emptyDatabase } from './database.js';

const MAIN = new URL('../src/main.js', import.meta.url).pathname;
// Nothing listens on port 1.
const UNREACHABLE = 'postgres://app:secret@127.0.0.1:1/bookmarks';

const running = new Set<ChildProcess>();
after(() => { for (const child of running) child.kill('SIGKILL'); });

type Entry = Readonly<Record<string, unknown>>;

function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], { env: { ...process.env, PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const entries: Entry[] = [];
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => entries.push(JSON.parse(line) as Entry));
  return {
    child,
    entries,
    async logged(message: string): Promise<Entry> {
      for (;;) {
        const entry = entries.find((one) => one['message'] === message);
        if (entry) return entry;
        await once(lines, 'line');
      }
    },
    async exitCode(): Promise<number | null> {
      const [code] = (await once(child, 'close')) as [number | null];
      running.delete(child);
      return code;
    },
  };
}

async function status(port: unknown, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
  await response.text();
  return response.status;
}

test('without a database the process is healthy, not ready, and stops when told', async () => {
  const service = start({ DATABASE_URL: UNREACHABLE, APP_VERSION: '4f2c1d9' });
  const { port, version } = await service.logged('listening');
  assert.equal(version, '4f2c1d9');
  await service.logged('database is not up to date');
  assert.equal(await status(port, '/health'), 200);
  assert.equal(await status(port, '/ready'), 503);

  const exit = service.exitCode();
  service.child.kill('SIGTERM');
  assert.equal(await exit, 0);
  assert.equal(service.entries.at(-1)?.['message'], 'stopped');
  assert.doesNotMatch(JSON.stringify(service.entries), /secret/);
});

test('a wrong configuration ends the process with a reason', async () => {
  const service = start({ DATABASE_URL: '' });
  assert.equal(await service.exitCode(), 1);
  assert.match(String(service.entries[0]?.['error']), /DATABASE_URL/);
});

test('a port that is taken ends the process with a reason', async () => {
  const first = start({ DATABASE_URL: UNREACHABLE });
  const { port } = await first.logged('listening');
  const second = start({ DATABASE_URL: UNREACHABLE, PORT: String(port) });
  assert.equal(await second.exitCode(), 1);
  assert.match(String(second.entries[0]?.['error']), /EADDRINUSE/);
  const exit = first.exitCode();
  first.child.kill('SIGINT');
  assert.equal(await exit, 0);
});

suite('with PostgreSQL', { skip: databaseUrl === '' && 'DATABASE_URL is not set' }, () => {
  test('the service migrates, serves, and answers open requests before it stops', async () => {
    const database = await emptyDatabase();
    try {
      const service = start({ DATABASE_URL: database.url });
      const { port } = await service.logged('listening');
      await service.logged('database is up to date');
      assert.equal(await status(port, '/ready'), 200);

      // A lock on the table keeps the request open while the process is told to stop.
      const lock = await database.pool.connect();
      await lock.query('BEGIN');
      await lock.query('LOCK TABLE bookmarks');
      const open = status(port, '/bookmarks');
      for (;;) {
        const { rowCount } = await lock.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%bookmarks%'");
        if (rowCount) break;
      }
      const exit = service.exitCode();
      service.child.kill('SIGTERM');
      await service.logged('stopping');
      await lock.query('COMMIT');
      lock.release();
      assert.equal(await open, 200);
      assert.equal(await exit, 0);
    } finally {
      await database.drop();
    }
  });
});
