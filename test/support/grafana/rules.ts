import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { productFolder } from '../../../cli/product.js';

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

const FOLDER = `${productFolder}grafana/alerts/`;
export const RULES_FILE = `${FOLDER}foreshift.rules.yaml`;
export const RULES_TEST_FILE = `${FOLDER}foreshift.test.yaml`;

export async function rulesInFile(): Promise<Rule[]> {
  const file = parse(await readFile(RULES_FILE, 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
  return file.groups.flatMap(({ rules }) => rules);
}

/** The metrics of ours that an expression, or a template, names; those that rules record are not among them. */
export function metricsIn(text: string): string[] {
  const names = text.match(/(?<![\w:])foreshift_\w+(?![\w:])/g) ?? [];
  return [...new Set(names)].map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
}

/** The metrics that a page has. */
export function metricsOn(page: string): Set<string> {
  return new Set([...page.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name));
}
