import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { migrate } from '../src/migrate.js';
import { PostgresStore } from '../src/postgres-store.js';
import type { BookmarkStore } from '../src/store.js';
import { databaseUrl, emptyDatabase, type Database } from './database.js';
import { MemoryStore } from './memory-store.js';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);

function behavesLikeAStore(store: () => BookmarkStore): void {
  const bookmark = (name: string, ...tags: string[]) => ({ url: `https://example.com/${name}`, title: name, tags });

  test('answers a ping', async () => {
    await store().ping();
  });

  test('gives back what was added, until it is removed', async () => {
    const added = await store().add(bookmark('a', 'read', 'later'));
    assert.ok(added);
    assert.deepEqual(await store().get(added.id), added);
    assert.deepEqual(added.tags, ['read', 'later']);
    assert.equal(await store().remove(added.id), true);
    assert.equal(await store().get(added.id), undefined);
    assert.equal(await store().remove(added.id), false);
  });

  test('keeps a URL once', async () => {
    assert.ok(await store().add(bookmark('once')));
    assert.equal(await store().add(bookmark('once')), undefined);
  });

  test('keeps text as it is', async () => {
    const title = `Robert'); DROP TABLE bookmarks;-- \u{1F516} \\ "`;
    const added = await store().add({ url: 'https://example.com/text', title, tags: [] });
    assert.equal(added?.title, title);
  });

  test('lists the newest first, by tag and page', async () => {
    for (const name of ['l1', 'l2', 'l3']) await store().add(bookmark(name, 'listed'));
    await store().add(bookmark('l4', 'other'));
    const titles = async (limit: number, before?: string) => {
      const found = await store().list({ limit, tag: 'listed', ...(before !== undefined && { before }) });
      return found.map(({ title, id }) => ({ title, id }));
    };
    const first = await titles(2);
    assert.deepEqual(first.map(({ title }) => title), ['l3', 'l2']);
    const rest = await titles(2, first[1]?.id);
    assert.deepEqual(rest.map(({ title }) => title), ['l1']);
  });
}

suite('the store of the tests', () => {
  const store = new MemoryStore();
  behavesLikeAStore(() => store);
});

suite('PostgreSQL', { skip: databaseUrl === '' && 'DATABASE_URL is not set' }, () => {
  let database: Database;
  let store: PostgresStore;

  before(async () => {
    database = await emptyDatabase();
    store = new PostgresStore(database.pool);
  });
  after(() => database.drop());

  test('is not ready before its tables are there', async () => {
    await assert.rejects(store.ping(), /relation "bookmarks" does not exist/);
  });

  test('is migrated once, however many tasks start together', async () => {
    const applied = await Promise.all([1, 2, 3].map(() => migrate(database.pool, MIGRATIONS)));
    assert.deepEqual(applied.flat(), ['0001-bookmarks.sql', '0002-tags.sql']);
  });

  behavesLikeAStore(() => store);
});
