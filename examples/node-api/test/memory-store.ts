import type { Bookmark, NewBookmark } from '../src/bookmark.js';
import type { BookmarkStore, Page } from '../src/store.js';

/** Stands in for PostgreSQL where no database is at hand; store.test.ts holds both to one behaviour. */
export class MemoryStore implements BookmarkStore {
  #bookmarks: Bookmark[] = [];
  #lastId = 0;
  #down = false;

  /** From now on every call fails, as when the database cannot be reached. */
  breakDown(): void {
    this.#down = true;
  }

  async ping(): Promise<void> {
    await this.#reach();
  }

  async add(bookmark: NewBookmark): Promise<Bookmark | undefined> {
    await this.#reach();
    if (this.#bookmarks.some(({ url }) => url === bookmark.url)) return undefined;
    const added = { id: String(++this.#lastId), ...bookmark, createdAt: new Date() };
    this.#bookmarks.unshift(added);
    return added;
  }

  async get(id: string): Promise<Bookmark | undefined> {
    await this.#reach();
    return this.#bookmarks.find((bookmark) => bookmark.id === id);
  }

  async list({ limit, before, tag }: Page): Promise<Bookmark[]> {
    await this.#reach();
    return this.#bookmarks
      .filter(({ id }) => before === undefined || BigInt(id) < BigInt(before))
      .filter(({ tags }) => tag === undefined || tags.includes(tag))
      .slice(0, limit);
  }

  async remove(id: string): Promise<boolean> {
    await this.#reach();
    const kept = this.#bookmarks.filter((bookmark) => bookmark.id !== id);
    const removed = kept.length < this.#bookmarks.length;
    this.#bookmarks = kept;
    return removed;
  }

  async #reach(): Promise<void> {
    await Promise.resolve();
    if (this.#down) throw new Error('connect ECONNREFUSED db.internal:5432');
  }
}
