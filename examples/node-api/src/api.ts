import type { IncomingMessage } from 'node:http';
import { InvalidBookmark, isTag, parseNewBookmark } from './bookmark.js';
import type { BookmarkStore, Page } from './store.js';

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that ends the request early; the message is for the client. */
class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

const MAX_BODY = 64 * 1024;
const MAX_ID = 9_223_372_036_854_775_807n;

/** Answers everything under /bookmarks. */
export async function bookmarksApi(store: BookmarkStore, request: IncomingMessage): Promise<Reply> {
  try {
    return await route(store, request);
  } catch (error) {
    if (error instanceof InvalidBookmark) return problem(422, error.message);
    if (error instanceof Refused) return { ...problem(error.status, error.message), headers: error.headers };
    throw error;
  }
}

export function problem(status: number, message: string): Reply {
  return { status, body: { error: message } };
}

async function route(store: BookmarkStore, request: IncomingMessage): Promise<Reply> {
  const url = new URL(request.url ?? '/', 'http://service');
  if (url.pathname === '/bookmarks') {
    switch (request.method) {
      case 'GET':
        return list(store, url.searchParams);
      case 'POST':
        return add(store, request);
      default:
        throw new Refused(405, 'use GET or POST', { allow: 'GET, POST' });
    }
  }
  const id = /^\/bookmarks\/(\d{1,19})$/.exec(url.pathname)?.[1];
  if (id === undefined || BigInt(id) > MAX_ID) throw new Refused(404, 'no such path');
  switch (request.method) {
    case 'GET': {
      const bookmark = await store.get(id);
      return bookmark ? { status: 200, body: bookmark } : problem(404, 'no such bookmark');
    }
    case 'DELETE':
      return (await store.remove(id)) ? { status: 204 } : problem(404, 'no such bookmark');
    default:
      throw new Refused(405, 'use GET or DELETE', { allow: 'GET, DELETE' });
  }
}

async function add(store: BookmarkStore, request: IncomingMessage): Promise<Reply> {
  const bookmark = await store.add(parseNewBookmark(await readJson(request)));
  if (!bookmark) return problem(409, 'this URL is already kept');
  return { status: 201, body: bookmark, headers: { location: `/bookmarks/${bookmark.id}` } };
}

async function list(store: BookmarkStore, query: URLSearchParams): Promise<Reply> {
  const page = readPage(query);
  // One more than asked for tells whether there is a next page.
  const found = await store.list({ ...page, limit: page.limit + 1 });
  const bookmarks = found.slice(0, page.limit);
  const next = found.length > page.limit ? bookmarks.at(-1)?.id : undefined;
  return { status: 200, body: { bookmarks, next: next ?? null } };
}

function readPage(query: URLSearchParams): Page {
  const limit = Number(query.get('limit') ?? 50);
  const before = query.get('before');
  const tag = query.get('tag');
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new Refused(400, 'limit is 1 to 200');
  if (before !== null && (!/^\d{1,19}$/.test(before) || BigInt(before) > MAX_ID)) {
    throw new Refused(400, 'before is the id of a bookmark');
  }
  if (tag !== null && !isTag(tag)) throw new Refused(400, 'no tag looks like this');
  return { limit, ...(before !== null && { before }), ...(tag !== null && { tag }) };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) {
      throw new Refused(413, `a request holds at most ${MAX_BODY} bytes`, { connection: 'close' });
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refused(400, 'the request is not JSON');
  }
}
