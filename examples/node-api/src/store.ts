import type { Bookmark, NewBookmark } from './bookmark.js';

export interface Page {
  readonly limit: number;
  /** Only bookmarks older than this id. */
  readonly before?: string;
  readonly tag?: string;
}

/** Where bookmarks are kept. The tests hold every implementation to the same behaviour. */
export interface BookmarkStore {
  /** Resolves when the store can answer queries now, rejects otherwise. */
  ping(): Promise<void>;
  /** The new bookmark, or undefined when its URL is already kept. */
  add(bookmark: NewBookmark): Promise<Bookmark | undefined>;
  get(id: string): Promise<Bookmark | undefined>;
  /** Newest first. */
  list(page: Page): Promise<Bookmark[]>;
  /** Whether there was such a bookmark. */
  remove(id: string): Promise<boolean>;
}
