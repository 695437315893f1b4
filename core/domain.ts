import { fail } from './errors.js';
import { clip } from './text.js';

/** The nouns of the product as types: a name of one kind cannot stand for another. */
declare const kind: unique symbol;
type Name<Kind extends string> = string & { readonly [kind]: Kind };

export type ResourceId = Name<'resource'>;
export type ServerId = Name<'server'>;
/** A redirector: who must agree before a switch goes on. */
export type MemberId = Name<'member'>;
export type PlanId = Name<'plan'>;

export const NAME = /^[A-Za-z0-9._:-]{1,128}$/;
/** Fit the pattern, yet mean something else to a path or to an object. */
const REFUSED = new Set(['.', '..', '__proto__', 'constructor', 'prototype']);

export function isName(text: string): boolean {
  return NAME.test(text) && !REFUSED.has(text);
}

/** @throws ERR_NAME_INVALID — names are `^[A-Za-z0-9._:-]{1,128}$` */
export function resourceId(value: unknown): ResourceId {
  return named('resource', value) as ResourceId;
}

/** @throws ERR_NAME_INVALID */
export function serverId(value: unknown): ServerId {
  return named('server', value) as ServerId;
}

/** @throws ERR_NAME_INVALID */
export function memberId(value: unknown): MemberId {
  return named('member', value) as MemberId;
}

/** @throws ERR_NAME_INVALID */
export function planId(value: unknown): PlanId {
  return named('plan', value) as PlanId;
}

function named(what: string, value: unknown): string {
  if (typeof value === 'string' && isName(value)) return value;
  return fail('ERR_NAME_INVALID', { what, name: clip(String(value)) });
}

/** What is measured and planned. Units: cpu in cores, memory in bytes, network in bytes/s, hits per second. */
export const DIMENSIONS = ['cpu', 'memory', 'network', 'hits'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** What an operator wants of a server; that it is lost is the coordinator's finding, not a wish. */
export const SERVER_STATES = ['ready', 'draining', 'maintenance'] as const;
export type ServerState = (typeof SERVER_STATES)[number];

/**
 * How a server keeps late requests out (docs/ARCHITECTURE.md, "Fences"): `request` – its agent compares
 * `since` on each request; `attachment` – release ends every server-side session; `none` – it cannot.
 */
export const FENCES = ['request', 'attachment', 'none'] as const;
export type Fence = (typeof FENCES)[number];

/** When a resource may be taken over from a server that is lost but not known to be dead. */
export const LOST_SOURCE_POLICIES = ['availability', 'consistency'] as const;
export type LostSourcePolicy = (typeof LOST_SOURCE_POLICIES)[number];

/** What becomes of work still under way at the drain's deadline. */
export const DRAIN_POLICIES = ['abort', 'pin', 'cut'] as const;
export type DrainPolicy = (typeof DRAIN_POLICIES)[number];

/**
 * How each piece of work for a shared resource gets one of its servers: of two that are drawn, the one with less work under way,
 * or with less work times response time.
 */
export const CHOICE_POLICIES = ['least-in-flight', 'peak-ewma'] as const;
export type ChoicePolicy = (typeof CHOICE_POLICIES)[number];

/** A resource that several servers serve at the same time: which of those that may, and how each piece of work gets one. */
export interface Sharing {
  readonly servers: 'all' | readonly ServerId[];
  readonly policy: ChoicePolicy;
}

/**
 * How redirectors stand in for one another. `heartbeat`: they know of each other's lives by their leases, and take over
 * addresses and sessions of one that is dead. `independent`: each serves its own addresses and sessions only.
 */
export const REDUNDANCIES = ['heartbeat', 'independent'] as const;
export type Redundancy = (typeof REDUNDANCIES)[number];

export const MODES = ['observe', 'propose', 'auto'] as const;
export type Mode = (typeof MODES)[number];

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,253})):([0-9]{1,5})$/;

/** @throws ERR_ADDRESS_INVALID — `host:port` or `[v6]:port`; port 0 asks for a free one where one listens */
export function parseAddress(text: unknown): Address {
  const parts = typeof text === 'string' ? ADDRESS.exec(text) : null;
  const port = Number(parts?.[3]);
  const host = parts?.[1] ?? parts?.[2];
  if (host === undefined || !(port <= 65535))
    return fail('ERR_ADDRESS_INVALID', { address: clip(String(text)) });
  return { host, port };
}
