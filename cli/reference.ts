import { configJsonSchema } from '../core/config/schema.js';
import { errorTable } from '../core/errors.js';

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
    '| key | values | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rowsOf('', configJsonSchema()),
    '',
  ].join('\n');
}

function rowsOf(prefix: string, node: SchemaNode): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    return nodeRows(key, inner);
  });
}

function nodeRows(key: string, node: SchemaNode): string[] {
  if (node.properties !== undefined) return rowsOf(key, node);
  if (node.items?.properties !== undefined) {
    return [row(key, node, 'list'), ...rowsOf(`${key}[]`, node.items)];
  }
  const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  const objects = alternatives.filter(({ properties }) => properties !== undefined);
  return [row(key, node, valuesOf(node)), ...objects.flatMap((object) => rowsOf(key, object))];
}

function row(key: string, node: SchemaNode, values: string): string {
  const fallback = node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``;
  return `| \`${key}\` | ${cell(values)} | ${cell(fallback)} | ${cell(node.description ?? '')} |`;
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

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
