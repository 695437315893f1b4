import type { Announcement } from '../core/agent-protocol.js';
import { SERVER_HEADER, announcementSchema } from '../core/agent-protocol.js';
import type { Clock } from '../core/clock/port.js';
import { encode } from '../core/encode.js';
import { codeOf } from '../core/errors.js';
import { every } from '../core/every.js';
import type { Log } from '../core/log.js';
import type { Net } from '../core/net/port.js';

export interface AnnouncerOptions {
  /** Where the api listens, `http://host:port`; each is tried in turn. */
  readonly apiUrls: readonly string[];
  readonly token: string;
  readonly leaseMs: number;
  readonly timeoutMs: number;
}

/** Tells the api again and again who this server is and what it may serve. */
export class Announcer {
  readonly #net: Net;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #announcement: () => Announcement;
  readonly #options: AnnouncerOptions;
  #at = 0;
  #wasHeard = true;
  #isHeard = false;

  constructor(
    parts: {
      readonly net: Net;
      readonly clock: Clock;
      readonly log: Log;
      /** What is true now. */
      readonly announcement: () => Announcement;
    },
    options: AnnouncerOptions,
  ) {
    this.#net = parts.net;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#announcement = parts.announcement;
    this.#options = options;
  }

  /** The last announcement was taken. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  run(signal: AbortSignal): Promise<void> {
    const everyMs = this.#options.leaseMs / 3;
    return every(this.#clock, { everyMs, firstMs: 0, signal }, () => this.#announce());
  }

  async #announce(): Promise<void> {
    const { apiUrls, token, timeoutMs } = this.#options;
    const url = apiUrls[this.#at % apiUrls.length];
    if (url === undefined) return;
    try {
      const announcement = this.#announcement();
      const answer = await this.#net.call({
        method: 'POST',
        url: `${url}/v1/announcements`,
        headers: {
          authorization: `Bearer ${token}`,
          [SERVER_HEADER]: announcement.server,
          'content-type': 'application/json',
        },
        body: JSON.stringify(encode(announcementSchema, announcement)),
        timeoutMs,
        answerBytesMax: 1 << 20,
      });
      this.#heard(answer.status === 200, { status: answer.status });
    } catch (err) {
      this.#heard(false, { code: codeOf(err) });
    }
  }

  /** Says a change once, not every third of a lease. */
  #heard(isHeard: boolean, fields: object): void {
    this.#isHeard = isHeard;
    if (!isHeard) this.#at += 1;
    if (isHeard === this.#wasHeard) return;
    this.#wasHeard = isHeard;
    if (isHeard) this.#log.info(fields, 'announcements are heard');
    else this.#log.warn(fields, 'announcement not taken');
  }
}
