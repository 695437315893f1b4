import type { ErrorPage } from '../../../core/net/http/error-answer.js';

/** An operator's own bodies for answers that the redirector gives itself: by status (`502`), or by its class (`5xx`). */
export class ErrorPages {
  readonly pages: ReadonlyMap<string, ErrorPage>;

  constructor(pages: ReadonlyMap<string, ErrorPage>) {
    this.pages = pages;
  }

  /** Undefined: the redirector's own words. */
  of(status: number): ErrorPage | undefined {
    return this.pages.get(String(status)) ?? this.pages.get(`${Math.floor(status / 100)}xx`);
  }
}

export const NO_ERROR_PAGES = new ErrorPages(new Map());
