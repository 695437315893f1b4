import { isUnspecified } from '../net/ip.js';
import type { Node, Document } from 'yaml';
import { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { fail } from '../errors.js';
import { clip } from '../text.js';
import type { Config } from './schema.js';
import { configSchema } from './schema.js';

/** A config, and the secrets that never stand in its file. */
export interface LoadedConfig {
  readonly config: Config;
  /** Agents' tokens are made from it; undefined: no agents can announce themselves. */
  readonly secret: string | undefined;
  /** What it was before: credentials may rest under one of them still. */
  readonly formerSecrets: readonly string[];
  readonly redisPassword: string | undefined;
  readonly redisSentinelPassword: string | undefined;
  /** Of `metricStore.influx.username`. */
  readonly influxPassword: string | undefined;
}

export interface ConfigSource {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const ENVIRONMENT_PREFIX = 'FORESHIFT_';
/** No part of the config. */
const SECRETS = [
  'SECRET',
  'FORMER_SECRETS',
  'AGENT_TOKEN',
  'TOKEN',
  'INFLUX_PASSWORD',
  'REDIS_PASSWORD',
  'REDIS_SENTINEL_PASSWORD',
];
const SECRET_BYTES_MIN = 16;
const FILE_CHARACTERS_MAX = 1 << 20;

/**
 * Reads one YAML file with overrides from the environment: `FORESHIFT_PLANNER__TARGET=0.7` is
 * `planner.target: 0.7`. Nothing of a config with a fault is used.
 * @throws ERR_CONFIG_INVALID — with file, line, key, and what is allowed
 */
export function loadConfig({ file, text, environment }: ConfigSource): LoadedConfig {
  const lines = new LineCounter();
  if (text.length > FILE_CHARACTERS_MAX) return fault(file, 1, '', 'the file is longer than 1 MiB');
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line ?? 1;
    return fault(file, line, '', error.message.split('\n')[0] ?? 'not YAML');
  }
  checkKeys({ file, document, lines });
  const written: unknown = toPlain(document, file);
  const overridden = withEnvironment(written ?? {}, environment);
  const parsed = configSchema.safeParse(overridden);
  if (!parsed.success) return firstFault(parsed.error, { file, document, lines, environment });
  checkWhole(parsed.data, { file, document, lines });
  return {
    config: parsed.data,
    secret: secretOf(environment),
    formerSecrets: (environment[`${ENVIRONMENT_PREFIX}FORMER_SECRETS`] ?? '')
      .split(/\s+/)
      .filter((text) => text !== ''),
    redisPassword: environment[`${ENVIRONMENT_PREFIX}REDIS_PASSWORD`],
    redisSentinelPassword: environment[`${ENVIRONMENT_PREFIX}REDIS_SENTINEL_PASSWORD`],
    influxPassword: environment[`${ENVIRONMENT_PREFIX}INFLUX_PASSWORD`],
  };
}

function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    return fault(file, 1, '', clip(error instanceof Error ? error.message : 'not YAML'));
  }
}

interface Place {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** YAML lets a list or a map be a key; no config has one. */
function checkKeys({ file, document, lines }: Place): void {
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key)) return;
      const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0;
      fault(file, lines.linePos(offset).line, '', 'a key is a plain word');
    },
  });
}

function firstFault(error: z.ZodError, place: Place & Pick<ConfigSource, 'environment'>): never {
  const issue = deepest(error.issues[0]);
  if (issue === undefined) return fault(place.file, 1, '', 'not a config');
  const path =
    issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const variable = `${ENVIRONMENT_PREFIX}${path.map((key) => environmentName(String(key))).join('__')}`;
  const key = path.map(String).join('.');
  if (variable in place.environment) return fault(variable, 1, key, allowed(issue));
  return fault(place.file, lineOf(place, path), key, allowed(issue));
}

/** Of a union nobody matched, what the alternative that came furthest says. */
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union') return issue;
  const candidates = issue.errors.flatMap((errors) => {
    const inner = deepest(errors[0]);
    return inner === undefined || inner.path.length === 0 ? [] : [inner];
  });
  const [first] = candidates;
  return first === undefined ? issue : { ...first, path: [...issue.path, ...first.path] };
}

function allowed(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'there is no such key';
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  return issue.message;
}

/** What a schema of single values cannot see. */
function checkWhole(config: Config, place: Place): void {
  const ids = config.servers.map(({ id }) => id);
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) !== index) {
      fault(
        place.file,
        lineOf(place, ['servers', index, 'id']),
        `servers.${index}.id`,
        `${id} is there twice`,
      );
    }
  }
  for (const [index, { fence, control }] of config.servers.entries()) {
    if (fence !== 'none' && control === undefined) {
      const line = lineOf(place, ['servers', index, 'fence']);
      fault(place.file, line, `servers.${index}.fence`, 'needs `control`: where its agent listens');
    }
  }
  const { addresses, redundancy, advertise } = config.redirector;
  const health = advertise ?? config.health.listen.host;
  if (addresses.length > 0 && redundancy === 'heartbeat') {
    if (isLoopback(health) || isUnspecified(health)) {
      const line = lineOf(place, ['health', 'listen']);
      const what =
        'where other redirectors reach it, or `redirector.advertise`: those that share addresses ask one another';
      fault(place.file, line, 'health.listen', what);
    }
  }
  const { listen, login, tls } = config.api;
  if (!isLoopback(listen.host) && (login === 'none' || tls === undefined)) {
    const line = lineOf(place, ['api', 'listen']);
    const what =
      'a loopback address; beyond it only with `api.login: token` and `api.tls`, so that nobody acts unknown or is overheard';
    fault(place.file, line, 'api.listen', what);
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.[0-9]+\.[0-9]+\.[0-9]+$/.test(host);
}

/** The line of the innermost part of the path that is written down; keys are lines too. */
function lineOf({ document, lines }: Place, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let line = 1;
  for (const key of path) {
    const at = positionOf(node, key);
    if (at === undefined) break;
    line = lines.linePos(at.offset).line;
    node = at.node;
  }
  return line;
}

function positionOf(
  node: unknown,
  key: PropertyKey,
): { readonly offset: number; readonly node: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isNode(item.key) && String(item.key) === String(key));
    const offset = (pair?.key as Node | undefined)?.range?.[0];
    return pair === undefined || offset === undefined ? undefined : { offset, node: pair.value };
  }
  if (isSeq(node)) {
    const item = node.items[Number(key)];
    const offset = isNode(item) ? item.range?.[0] : undefined;
    return offset === undefined ? undefined : { offset, node: item };
  }
  return undefined;
}

function withEnvironment(
  written: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): unknown {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return written;
  let config = written as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(environment).sort()) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || value === undefined) continue;
    const key = name.slice(ENVIRONMENT_PREFIX.length);
    if (SECRETS.includes(key)) continue;
    const path = key.split('__').map(keyName);
    config = withValue(config, path, scalar(value));
  }
  return config;
}

function withValue(
  into: Readonly<Record<string, unknown>>,
  [key, ...rest]: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  if (key === undefined) return into;
  if (rest.length === 0) return { ...into, [key]: value };
  const inner = into[key];
  const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
  const base = isObject ? (inner as Readonly<Record<string, unknown>>) : {};
  return { ...into, [key]: withValue(base, rest, value) };
}

/** `DATA_DIR` is `dataDir`. */
function keyName(name: string): string {
  return name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `dataDir` is `DATA_DIR`. */
function environmentName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function scalar(text: string): unknown {
  if (/^-?[0-9]+(\.[0-9]+)?$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text;
}

function secretOf(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const secret = environment[`${ENVIRONMENT_PREFIX}SECRET`];
  if (secret !== undefined && secret.length < SECRET_BYTES_MIN) {
    return fault(`${ENVIRONMENT_PREFIX}SECRET`, 1, '', `at least ${SECRET_BYTES_MIN} characters`);
  }
  return secret;
}

function fault(file: string, line: number, key: string, what: string): never {
  return fail('ERR_CONFIG_INVALID', { file, line, key: key === '' ? 'the file' : key, what });
}
