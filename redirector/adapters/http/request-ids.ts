import { headerOf } from '../../../core/net/http/header-list.js';
import type { RequestHead } from '../../../core/net/http/request-head.js';
import type { HttpOptions } from './options.js';
import type { NameField } from './request-relay.js';

/** What is taken over from a proxy before us: long enough for a trace's name, and nothing that means something to a log. */
const TAKEN = /^[A-Za-z0-9._:=/+-]{1,128}$/;
const BOOT_CHARACTERS_MAX = 12;

/**
 * Names for requests, by which what clients, logs and servers say of one can be found together. Unique over all redirectors, as
 * long as the names of their processes are; nothing is secret about them.
 */
export class RequestIds {
  readonly #prefix: string;
  #made = 0;

  /** `boot`: names this process. */
  constructor(boot: string) {
    this.#prefix = boot.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, BOOT_CHARACTERS_MAX);
  }

  /** Of a request that came without one, or from somebody who is not believed. */
  next(): string {
    this.#made += 1;
    return `${this.#prefix}-${this.#made.toString(36)}`;
  }

  /** The one that a trusted proxy gave it in that header, if it is a name. */
  takenOr(head: RequestHead, header: string): string {
    const given = headerOf(head.headers, header);
    return given !== undefined && TAKEN.test(given) ? given : this.next();
  }
}

/** For the server; undefined where requests have no names. */
export function nameField(
  id: string | undefined,
  { requestIdHeader }: HttpOptions,
): NameField | undefined {
  if (id === undefined || requestIdHeader === undefined) return undefined;
  return { header: requestIdHeader, id };
}

/** The header field that tells the name; none, where requests have no names. */
export function idFields(
  id: string | undefined,
  { requestIdHeader }: HttpOptions,
): Readonly<Record<string, string>> {
  return id === undefined || requestIdHeader === undefined ? {} : { [requestIdHeader]: id };
}
