import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { ConfigError, readConfig } from './config.js';
import { migrate } from './migrate.js';
import { PostgresStore } from './postgres-store.js';
import { makeServer } from './server.js';

function log(entry: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const stop = new AbortController();
  const pool = new pg.Pool({ connectionString: config.databaseUrl, connectionTimeoutMillis: 2_000 });
  // An idle connection that breaks is replaced; without a listener it would end the process.
  pool.on('error', (error) => { log({ level: 'warn', message: 'idle connection lost', error: error.message }); });

  const server = makeServer({
    store: new PostgresStore(pool),
    version: config.version,
    stopping: () => stop.signal.aborted,
    log,
  });
  server.listen(config.port);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  log({ level: 'info', message: 'listening', port, version: config.version });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => { stop.abort(signal); });
  }
  const migrated = migrateWhenReachable(pool, stop.signal);
  if (!stop.signal.aborted) await once(stop.signal, 'abort');

  log({ level: 'info', message: 'stopping', signal: String(stop.signal.reason) });
  const closed = once(server, 'close');
  server.close();
  setTimeout(() => { server.closeAllConnections(); }, config.drainMs).unref();
  await closed;
  await migrated;
  await pool.end();
  log({ level: 'info', message: 'stopped' });
}

/** The database may come up after the service; until then /ready says so and /health is well. */
async function migrateWhenReachable(pool: pg.Pool, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      const applied = await migrate(pool, new URL('../../migrations/', import.meta.url));
      log({ level: 'info', message: 'database is up to date', applied });
      return;
    } catch (error) {
      log({ level: 'warn', message: 'database is not up to date', error: String(error) });
      await delay(1_000, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}

main().catch((error: unknown) => {
  log({ level: 'fatal', error: error instanceof ConfigError ? error.message : String(error) });
  process.exitCode = 1;
});
