import { z } from 'zod';
import { isSameToken, memberToken } from '../../core/agent-protocol.js';
import type { Clock } from '../../core/clock/port.js';
import type { Address, LostSourcePolicy, MemberId } from '../../core/domain.js';
import { formatAddress } from '../../core/domain.js';
import { codeOf, fail } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { headerOf } from '../../core/net/http/header-list.js';
import type { HttpRoute } from '../../core/net/http-route.js';
import type { Net } from '../../core/net/port.js';
import { memberIdSchema } from '../../core/schema.js';
import { MEMBER } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';
import { messageOf } from '../../core/text.js';

export interface WitnessesParts {
  readonly view: TableView;
  readonly clock: Clock;
  readonly net: Net;
  readonly log: Log;
  readonly self: MemberId;
  /** The cluster's: redirectors know one another by it. */
  readonly secret: string;
}

export interface WitnessesOptions {
  readonly leaseMs: number;
  readonly leaseMarginMs: number;
  readonly onCutOff: LostSourcePolicy;
}

const PATH = '/v1/witness';
const ANSWER_BYTES_MAX = 4096;
const questionSchema = z.object({
  member: memberIdSchema,
  addresses: z.array(z.string().max(64)).max(256),
});
const answerSchema = z.object({
  member: memberIdSchema,
  /** `store`: it reads the table store, which decides; `promise`: nor does it, and it leaves the addresses alone. */
  word: z.enum(['store', 'promise']),
});
/** What came of asking one: `dead`: it surely does not run; `silent`: nobody knows. */
type Word = z.output<typeof answerSchema>['word'] | 'dead' | 'silent';

/**
 * Is the store away for everybody, or only for this redirector? A holder that cannot renew its lease asks all the
 * others. Each that cannot read the store either promises to take none of its addresses for the length of a lease and its margin; one
 * that can read it objects, since it may take them. So a store that is away for all moves nothing, and whoever is
 * cut off alone gives up in time.
 */
export class Witnesses {
  readonly #parts: WitnessesParts;
  readonly #options: WitnessesOptions;
  readonly #promised = new Map<string, number>();
  #keptUntilMs = -Infinity;
  #askedAtMs = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(parts: WitnessesParts, options: WitnessesOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get keptUntilMs(): number {
    return this.#keptUntilMs;
  }

  promisedUntilMs(ip: string): number {
    return this.#promised.get(ip) ?? -Infinity;
  }

  /** To be called often while the lease is in danger. Asks, not too often. */
  mind(addresses: readonly string[]): void {
    const { clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (this.#asking !== undefined || nowMs < this.#askedAtMs + this.#options.leaseMs / 6) return;
    this.#askedAtMs = nowMs;
    this.#asking = this.#ask(addresses).finally(() => {
      this.#asking = undefined;
    });
  }

  /** Where the others ask this redirector. */
  get route(): HttpRoute {
    return {
      method: 'POST',
      path: PATH,
      handler: async ({ headers, body }) => {
        const { self, secret, clock } = this.#parts;
        const question = parsed(body);
        const token = (headerOf(headers, 'authorization') ?? '').replace(/^Bearer /, '');
        if (!isSameToken(token, memberToken(secret, question.member))) {
          fail('ERR_MEMBER_TOKEN', { member: question.member });
        }
        const word = (await this.#readsStore()) ? 'store' : 'promise';
        if (word === 'promise') {
          const { leaseMs, leaseMarginMs } = this.#options;
          const untilMs = clock.monotonicMs() + leaseMs + leaseMarginMs;
          for (const ip of question.addresses) this.#promised.set(ip, untilMs);
        }
        const answer: z.output<typeof answerSchema> = { member: self, word };
        return {
          status: 200,
          headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
          body: JSON.stringify(answer),
        };
      },
    };
  }

  async #ask(addresses: readonly string[]): Promise<void> {
    const { view, clock, self, log } = this.#parts;
    const { leaseMs, onCutOff } = this.#options;
    const sentAtMs = clock.monotonicMs();
    // Those that could take one of them.
    const others = [...view.all(MEMBER)].filter(
      ([member, { value }]) =>
        member !== self && addresses.some((ip) => value.addresses?.[ip] !== undefined),
    );
    const words = new Map(
      await Promise.all(
        others.map(async ([member, { value }]): Promise<[MemberId, Word]> => {
          const word =
            value.health === null ? 'silent' : await this.#wordOf(member, value.health, addresses);
          return [member, word];
        }),
      ),
    );
    const said = [...words.values()];
    const isObjected =
      said.includes('store') || (onCutOff === 'consistency' && said.includes('silent'));
    if (!isObjected) this.#keptUntilMs = sentAtMs + leaseMs;
    log.warn({ words: Object.fromEntries(words), isKept: !isObjected }, 'table store away');
  }

  async #wordOf(member: MemberId, at: Address, addresses: readonly string[]): Promise<Word> {
    const { net, self, secret, log } = this.#parts;
    try {
      const { status, body } = await net.call({
        method: 'POST',
        url: `http://${formatAddress(at)}${PATH}`,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${memberToken(secret, self)}`,
        },
        body: JSON.stringify({ member: self, addresses }),
        timeoutMs: this.#options.leaseMs / 4,
        answerBytesMax: ANSWER_BYTES_MAX,
      });
      if (status !== 200) return 'silent';
      const answer = answerSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
      // A health listener of loopback only: whoever is asked there is oneself.
      return answer.member === member ? answer.word : 'silent';
    } catch (err) {
      if (codeOf(err) === 'ERR_CALL_REFUSED') return 'dead';
      log.debug({ err, member }, 'witness not heard');
      return 'silent';
    }
  }

  /** Now, not lately: a lease says only that it could. */
  async #readsStore(): Promise<boolean> {
    const { view, clock } = this.#parts;
    return new Promise((resolve) => {
      const cancel = clock.after(this.#options.leaseMs / 8, () => {
        resolve(false);
      });
      view.sync().then(
        () => {
          cancel();
          resolve(!view.regressed);
        },
        () => {
          cancel();
          resolve(false);
        },
      );
    });
  }
}

/** @throws ERR_MESSAGE_INVALID */
function parsed(body: Uint8Array): z.output<typeof questionSchema> {
  try {
    return questionSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch (error) {
    return fail('ERR_MESSAGE_INVALID', { where: 'body', why: messageOf(error) });
  }
}
