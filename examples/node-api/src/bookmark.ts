/** What a client sends to make a bookmark. */
export interface NewBookmark {
  readonly url: string;
  readonly title: string;
  readonly tags: readonly string[];
}

export interface Bookmark extends NewBookmark {
  /** Decimal digits: a 64-bit number does not fit a JavaScript number. */
  readonly id: string;
  readonly createdAt: Date;
}

/** The client sent something that cannot be a bookmark; the message is for the client. */
export class InvalidBookmark extends Error {}

const MAX_URL = 2_048;
const MAX_TITLE = 300;
const MAX_TAGS = 20;
const TAG = /^[a-z0-9][a-z0-9-]{0,39}$/;

export function isTag(text: string): boolean {
  return TAG.test(text);
}

export function parseNewBookmark(body: unknown): NewBookmark {
  if (typeof body !== 'object' || body === null) throw new InvalidBookmark('expected an object');
  const { url, title, tags = [] } = body as Record<string, unknown>;
  return { url: parseUrl(url), title: parseTitle(title), tags: parseTags(tags) };
}

function parseUrl(url: unknown): string {
  if (typeof url !== 'string' || url.length > MAX_URL || !URL.canParse(url)) {
    throw new InvalidBookmark(`url must be an absolute URL of at most ${MAX_URL} characters`);
  }
  const parsed = new URL(url);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') {
    throw new InvalidBookmark('url must begin with https:// or http://');
  }
  return parsed.href;
}

function parseTitle(title: unknown): string {
  const text = typeof title === 'string' ? title.trim() : '';
  // PostgreSQL's text cannot hold NUL.
  if (text === '' || text.length > MAX_TITLE || text.includes('\0')) {
    throw new InvalidBookmark(`title must be 1 to ${MAX_TITLE} characters`);
  }
  return text;
}

function parseTags(tags: unknown): readonly string[] {
  if (!Array.isArray(tags) || tags.length > MAX_TAGS) {
    throw new InvalidBookmark(`tags must be a list of at most ${MAX_TAGS}`);
  }
  for (const tag of tags as unknown[]) {
    if (typeof tag !== 'string' || !isTag(tag)) {
      throw new InvalidBookmark('a tag is 1 to 40 lower-case letters, digits and hyphens');
    }
  }
  return [...new Set(tags as string[])].sort();
}
