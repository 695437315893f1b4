import { configJsonSchema } from '../core/config/schema.js';
import { errorTable } from '../core/errors.js';
import { GLOBAL_OPTIONS } from './global-options.js';
import type { Verb } from './verb.js';

/* The parts of docs/ that are made from the code: a test compares them, `foreshift reference` prints them. */

/** docs/ERRORS.md */
export function errorReference(): string {
  const rows = errorTable().map(
    ({ code, meaning, remedy, status, exit }) =>
      `| \`${code}\` | ${cell(meaning)} | ${cell(remedy)} | ${status} | ${exit} |`,
  );
  return [
    '# Errors',
    '',
    'Every coded error: what it means, what to do, the status with which the API answers it',
    '(`application/problem+json`), and the exit code of the command line. Made from `core/errors.ts` by',
    '`foreshift reference errors`.',
    '',
    'Exit codes: 0 well, 1 error, 2 changes present (`plan --detailed-exitcode`), 3 refused by a guard or',
    'needs approval, 4 plan stale, 5 timed out and undone, 64 wrong use.',
    '',
    '| code | meaning | what to do | API | exit |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  /** core/config/schema.ts: taken up by a running process. */
  readonly reloadable?: boolean;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** docs/CONFIG.md */
export function configReference(): string {
  return [
    '# Config',
    '',
    'One YAML file, `foreshift.yaml`. Unknown keys are refused; a message names file, line, key and what is',
    'allowed. Any key can be overridden by the environment: `FORESHIFT_PLANNER__TARGET=0.7` is',
    '`planner.target: 0.7`. The secret stands in the environment only: `FORESHIFT_SECRET`. The first line',
    '`# yaml-language-server: $schema=…/config.schema.json` gives completion in editors (`foreshift config',
    'schema` prints the schema). Made from `core/config/schema.ts` by `foreshift reference config`.',
    '',
    'A running process reads it again at SIGHUP (`systemctl reload`): keys with a ✓ under _reload_ are taken up without a',
    'break for any client; of others that were changed the log says that they need a restart, and they stay as they were. A',
    'file with a fault changes nothing.',
    '',
    '| key | values | default | reload | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rowsOf('', configJsonSchema(), false),
    '',
  ].join('\n');
}

function rowsOf(prefix: string, node: SchemaNode, isReloadable: boolean): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    return nodeRows(key, inner, isReloadable || inner.reloadable === true);
  });
}

function nodeRows(key: string, node: SchemaNode, isReloadable: boolean): string[] {
  if (node.properties !== undefined) return rowsOf(key, node, isReloadable);
  const own = (values: string): string => row(key, node, { values, isReloadable });
  if (node.items?.properties !== undefined) {
    return [own('list'), ...rowsOf(`${key}[]`, node.items, isReloadable)];
  }
  const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  const objects = alternatives.filter(({ properties }) => properties !== undefined);
  return [own(valuesOf(node)), ...objects.flatMap((object) => rowsOf(key, object, isReloadable))];
}

function row(
  key: string,
  node: SchemaNode,
  { values, isReloadable }: { readonly values: string; readonly isReloadable: boolean },
): string {
  const fallback = node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``;
  const cells = [values, fallback, isReloadable ? '✓' : '', node.description ?? ''];
  return `| \`${key}\` | ${cells.map(cell).join(' | ')} |`;
}

function valuesOf(node: SchemaNode): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  if (alternatives.length > 0) return alternatives.map(valuesOf).join(' or ');
  const { minimum, exclusiveMinimum, maximum } = node;
  const type = String(node.type ?? 'text');
  const least =
    minimum ?? (exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`);
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (least === undefined && !isBounded) return type;
  return `${type}, ${least === undefined ? '' : `from ${least}`}${isBounded ? ` to ${maximum}` : ''}`;
}

/** docs/VERBS.md */
export function verbReference(verbs: readonly Verb[]): string {
  const common = GLOBAL_OPTIONS.map(([flags, text]) => `- \`${flags}\`: ${text}`);
  return [
    '# Verbs',
    '',
    'What the command line can do; `foreshift VERB --help` says more of each. Made from the verbs by `foreshift reference verbs`.',
    '',
    '- Answers go to standard output, talk and progress to standard error; colours and what is written over only where a person',
    '  watches (`NO_COLOR`, `--no-color`: no colours there either). Questions are asked at a terminal only; `--yes` answers them.',
    '- With `--json` every verb prints one value (`top`: one a line). `foreshift schema VERB` is its JSON Schema (draft 2020-12), `foreshift schema`',
    '  those of all, and of the `{"error": …}` that a verb prints instead when it fails. Keys may be added in newer versions.',
    '- Exit codes: [Errors](ERRORS.md).',
    '',
    '| verb | what it does | options |',
    '| --- | --- | --- |',
    ...verbs.flatMap((verb) => verbRows(verb, '')),
    '',
    'Options of every verb:',
    '',
    ...common,
    '',
  ].join('\n');
}

function verbRows({ usage, summary, options = [], verbs }: Verb, before: string): string[] {
  if (verbs !== undefined) {
    return verbs.flatMap((inner) => verbRows(inner, `${before}${usage} `));
  }
  const flags = options.map(([each]) => `\`${cell(each)}\``).join(', ');
  return [`| \`${before}${cell(usage)}\` | ${cell(summary)} | ${flags} |`];
}

export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
