import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Bookmark } from '../src/bookmark.js';
import { makeServer } from '../src/server.js';
import { MemoryStore } from './memory-store.js';

const log: unknown[] = [];
const store = new MemoryStore();
let stopping = false;
const server = makeServer({ store, version: '4f2c1d9', stopping: () => stopping, log: (entry) => log.push(entry) });
let base: string;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; headers: Headers; body: unknown }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(base + path, { method, ...(body !== undefined && { body: text }) });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, body: answer === '' ? undefined : JSON.parse(answer) };
}

test('a bookmark is made, read, and removed', async () => {
  const made = await call('POST', '/bookmarks', { url: 'HTTPS://Example.com', title: '  A title ', tags: ['b', 'a', 'b'] });
  assert.equal(made.status, 201);
  const bookmark = made.body as Bookmark;
  assert.equal(bookmark.url, 'https://example.com/');
  assert.equal(bookmark.title, 'A title');
  assert.deepEqual(bookmark.tags, ['a', 'b']);

  const place = made.headers.get('location') ?? '';
  assert.deepEqual((await call('GET', place)).body, bookmark);
  assert.equal((await call('POST', '/bookmarks', { url: 'https://example.com/', title: 'again' })).status, 409);
  assert.equal((await call('DELETE', place)).status, 204);
  assert.equal((await call('GET', place)).status, 404);
  assert.equal((await call('DELETE', place)).status, 404);
});

test('a list comes in pages', async () => {
  for (const n of [1, 2, 3]) {
    await call('POST', '/bookmarks', { url: `https://example.com/page/${n}`, title: `page ${n}`, tags: ['paged'] });
  }
  const titles: string[] = [];
  let query = '/bookmarks?tag=paged&limit=2';
  for (;;) {
    const page = (await call('GET', query)).body as { bookmarks: Bookmark[]; next: string | null };
    titles.push(...page.bookmarks.map(({ title }) => title));
    if (page.next === null) break;
    query = `/bookmarks?tag=paged&limit=2&before=${page.next}`;
  }
  assert.deepEqual(titles, ['page 3', 'page 2', 'page 1']);
});

test('what cannot be a bookmark is refused with a reason', async () => {
  const good = { url: 'https://example.com/good', title: 'good' };
  const refused: [unknown, RegExp][] = [
    [[], /url must be/],
    ['null', /expected an object/],
    [{ ...good, url: 'example.com' }, /absolute URL/],
    [{ ...good, url: 'javascript:alert(1)' }, /https/],
    [{ ...good, url: `https://example.com/${'a'.repeat(3_000)}` }, /at most 2048/],
    [{ ...good, title: ' ' }, /title/],
    [{ ...good, title: 'nul \0' }, /title/],
    [{ ...good, tags: 'read' }, /list/],
    [{ ...good, tags: ['Not A Tag'] }, /a tag is/],
  ];
  for (const [body, reason] of refused) {
    const answer = await call('POST', '/bookmarks', body);
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.match((answer.body as { error: string }).error, reason);
  }
});

test('requests that make no sense are refused', async () => {
  const refused: [string, string, unknown, number][] = [
    ['POST', '/bookmarks', '{', 400],
    ['POST', '/bookmarks', 'x'.repeat(70_000), 413],
    ['PUT', '/bookmarks', '{}', 405],
    ['PATCH', '/bookmarks/1', '{}', 405],
    ['GET', '/bookmarks?limit=0', undefined, 400],
    ['GET', '/bookmarks?limit=many', undefined, 400],
    ['GET', '/bookmarks?before=x', undefined, 400],
    ['GET', '/bookmarks?before=9999999999999999999', undefined, 400],
    ['GET', "/bookmarks?tag=a'b", undefined, 400],
    ['GET', '/bookmarks/9999999999999999999', undefined, 404],
    ['GET', '/nothing', undefined, 404],
  ];
  for (const [method, path, body, status] of refused) {
    const answer = await call(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}`);
    assert.ok((answer.body as { error: string }).error);
  }
});

// The last test of this file: the store stays broken.
test('health is about the process, readiness about the database and the load balancer', async () => {
  assert.deepEqual((await call('GET', '/health?from=alb')).body, { status: 'ok', version: '4f2c1d9' });
  assert.deepEqual((await call('GET', '/ready')).body, { status: 'ready', version: '4f2c1d9' });

  stopping = true;
  const stoppingAnswer = await call('GET', '/ready');
  assert.equal(stoppingAnswer.status, 503);
  assert.deepEqual(stoppingAnswer.body, { status: 'stopping', version: '4f2c1d9' });
  stopping = false;

  store.breakDown();
  const broken = await call('GET', '/ready');
  assert.equal(broken.status, 503);
  assert.deepEqual(broken.body, { status: 'unavailable', version: '4f2c1d9' });
  assert.equal((await call('GET', '/health')).status, 200);

  const failed = await call('GET', '/bookmarks');
  assert.equal(failed.status, 500);
  assert.deepEqual(failed.body, { error: 'internal error' });
  assert.match(JSON.stringify(log.at(-1)), /ECONNREFUSED/);
});
