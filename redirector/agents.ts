import type { z } from 'zod';
import type {
  LeaseAnswer,
  LeaseRequest,
  MovedRequest,
  OwnedAnswer,
} from '../core/agent-protocol.js';
import {
  AGENT_PATHS,
  leaseAnswerSchema,
  leaseRequestSchema,
  movedRequestSchema,
  ownedAnswerSchema,
  ownershipAnswerSchema,
  releaseRequestSchema,
  takeRequestSchema,
} from '../core/agent-protocol.js';
import type { DrainPolicy, LostSourcePolicy, ResourceId, ServerId } from '../core/domain.js';
import { formatAddress } from '../core/domain.js';
import { encode } from '../core/encode.js';
import { codeOf, fail } from '../core/errors.js';
import type { Generation } from '../core/generation.js';
import { parseJson } from '../core/json.js';
import type { CallAnswer, Net } from '../core/net/port.js';
import { SERVER } from '../core/table-store/records/server.js';
import type { TableView } from '../core/table-store/view.js';
import { messageOf } from '../core/text.js';
import type { Answer } from './switch/protocol.js';

export interface AgentClientOptions {
  readonly callTimeoutMs: number;
  readonly answerBytesMax: number;
}

export const AGENT_CLIENT_DEFAULTS: AgentClientOptions = {
  callTimeoutMs: 1000,
  answerBytesMax: 16 << 20,
};

/** Speaks to the agents beside the servers. Every call may be repeated; see core/agent-protocol.ts. */
export class AgentClient {
  readonly #net: Net;
  readonly #view: TableView;
  readonly #tokenOf: (server: ServerId) => string;
  readonly #drainPolicyOf: (resource: ResourceId) => DrainPolicy;
  #options: AgentClientOptions;

  constructor(
    parts: {
      readonly net: Net;
      readonly view: TableView;
      readonly tokenOf: (server: ServerId) => string;
      readonly drainPolicyOf: (resource: ResourceId) => DrainPolicy;
    },
    options: Partial<AgentClientOptions> = {},
  ) {
    this.#net = parts.net;
    this.#view = parts.view;
    this.#tokenOf = parts.tokenOf;
    this.#drainPolicyOf = parts.drainPolicyOf;
    this.#options = { ...AGENT_CLIENT_DEFAULTS, ...options };
  }

  /** From now on; what is under way goes on by what was so when it began. */
  reconfigure(options: Partial<AgentClientOptions>): void {
    this.#options = { ...this.#options, ...options };
  }

  /** The server has an agent that can be asked. */
  hasAgent(server: ServerId): boolean {
    const record = this.#view.get(SERVER, server)?.value;
    return record !== undefined && record.fence !== 'none' && record.control !== null;
  }

  release(
    server: ServerId,
    resources: readonly { readonly resource: ResourceId; readonly generation: Generation }[],
  ): Promise<Answer> {
    // Half the time for the work to end, half for the answer to come back.
    const waitMs = this.#options.callTimeoutMs / 2;
    const released = resources.map(({ resource, generation }) => ({
      resource,
      generation,
      pinned: this.#drainPolicyOf(resource) === 'pin',
    }));
    const body = encode(releaseRequestSchema, { waitMs, resources: released });
    return this.#change(server, AGENT_PATHS.release, body);
  }

  take(
    server: ServerId,
    boot: string | null,
    resources: readonly {
      readonly resource: ResourceId;
      readonly since: Generation;
      readonly onLostSource: LostSourcePolicy;
    }[],
  ): Promise<Answer> {
    const body = encode(takeRequestSchema, { boot, resources: [...resources] });
    return this.#change(server, AGENT_PATHS.take, body);
  }

  /** @throws ERR_CALL_…, ERR_AGENT_ANSWER */
  owned(server: ServerId): Promise<OwnedAnswer> {
    return this.#call(server, AGENT_PATHS.owned, {}, ownedAnswerSchema);
  }

  /** @throws ERR_CALL_…, ERR_AGENT_ANSWER */
  lease(server: ServerId, request: LeaseRequest): Promise<LeaseAnswer> {
    return this.#call(
      server,
      AGENT_PATHS.lease,
      encode(leaseRequestSchema, request),
      leaseAnswerSchema,
    );
  }

  /** A hint for late requests: whether it arrives does not matter. */
  async moved(server: ServerId, request: MovedRequest): Promise<void> {
    const body = encode(movedRequestSchema, request);
    await this.#post(server, AGENT_PATHS.moved, body).catch(() => undefined);
  }

  async #change(server: ServerId, path: string, body: unknown): Promise<Answer> {
    try {
      const { refused } = await this.#call(server, path, body, ownershipAnswerSchema);
      const final = refused.find(({ why }) => why !== 'busy');
      if (final !== undefined) return { kind: 'refused', why: `${final.resource} ${final.why}` };
      const busy = refused[0];
      if (busy !== undefined) return { kind: 'not-yet', why: `${busy.resource} is busy` };
      return { kind: 'done' };
    } catch (error) {
      // Whatever went wrong on the way: it may have been done, and may be asked again.
      return { kind: 'not-yet', why: codeOf(error) ?? messageOf(error) };
    }
  }

  async #call<Value>(
    server: ServerId,
    path: string,
    body: unknown,
    schema: z.ZodType<Value>,
  ): Promise<Value> {
    const answer = await this.#post(server, path, body);
    const text = Buffer.from(answer.body).toString();
    if (answer.status !== 200)
      return fail('ERR_AGENT_ANSWER', { server, why: `status ${answer.status}` });
    const limits = { bytesMax: this.#options.answerBytesMax, depthMax: 8 };
    const parsed = schema.safeParse(parseJson(text, `the answer of ${server}`, limits));
    if (parsed.success) return parsed.data;
    return fail('ERR_AGENT_ANSWER', {
      server,
      why: parsed.error.issues[0]?.message ?? 'malformed',
    });
  }

  async #post(server: ServerId, path: string, body: unknown): Promise<CallAnswer> {
    const control = this.#view.get(SERVER, server)?.value.control;
    if (control === null || control === undefined) return fail('ERR_AGENT_ABSENT', { server });
    return this.#net.call({
      method: 'POST',
      url: `http://${formatAddress(control)}${path}`,
      headers: {
        authorization: `Bearer ${this.#tokenOf(server)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
      timeoutMs: this.#options.callTimeoutMs,
      answerBytesMax: this.#options.answerBytesMax,
    });
  }
}
