import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, readConfig } from '../src/config.js';

const DATABASE_URL = 'postgres://app:secret@localhost/bookmarks';

test('everything but the database has a default', () => {
  assert.deepEqual(readConfig({ DATABASE_URL }), {
    databaseUrl: DATABASE_URL,
    port: 3000,
    version: 'unknown',
    drainMs: 20_000,
  });
  assert.equal(readConfig({ DATABASE_URL, PORT: '8080', APP_VERSION: '4f2c1d9' }).port, 8080);
});

test('a wrong value is named, and a password never shown', () => {
  const wrong: [NodeJS.ProcessEnv, RegExp][] = [
    [{}, /DATABASE_URL/],
    [{ DATABASE_URL: 'mysql://app:secret@localhost/bookmarks' }, /DATABASE_URL/],
    [{ DATABASE_URL, PORT: '80a' }, /PORT/],
    [{ DATABASE_URL, PORT: '65536' }, /PORT/],
    [{ DATABASE_URL, DRAIN_MS: '-1' }, /DRAIN_MS/],
  ];
  for (const [env, name] of wrong) {
    assert.throws(
      () => readConfig(env),
      (error) => error instanceof ConfigError && name.test(error.message) && !error.message.includes('secret'),
    );
  }
});
