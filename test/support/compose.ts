import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { productFolder } from '../../cli/product.js';
import { freePort } from '../../demo/free-port.js';

/* compose.yaml as Docker reads it, as far as tests need it. */

export interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly network_mode?: string;
  /** `45s` */
  readonly stop_grace_period?: string;
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/**
 * @param variables what the environment of `docker compose` has
 * @param change of the text, before anything is read of it
 */
export async function readCompose(
  variables: Readonly<Record<string, string>>,
  change: (text: string) => Promise<string> = (text) => Promise.resolve(text),
): Promise<Compose> {
  const text = await change(await readFile(`${productFolder}compose.yaml`, 'utf8'));
  return parse(interpolated(text, variables), { merge: true }) as Compose;
}

/** `${NAME:?what it must be}` and `${NAME:-default}`; none of ours is of another form. */
function interpolated(text: string, variables: Readonly<Record<string, string>>): string {
  const use = (_all: string, name: string, form: string, words: string): string => {
    const value = variables[name] ?? '';
    if (value === '' && form === '?') throw new Error(`${name}: ${words}`);
    return value === '' ? words : value;
  };
  return text.replaceAll(/\$\{(\w+):([?-])([^}]*)\}/g, use);
}

/** Every port of this machine that the file names after an address becomes a free one, wherever it names it. */
export async function onFreePorts(text: string): Promise<string> {
  const named = text.matchAll(/\b(?:127\.0\.0\.1|0\.0\.0\.0):(\d+)\b/g);
  const free = new Map<string, string>();
  for (const [, port = ''] of named) {
    while (!free.has(port)) {
      const other = String(await freePort());
      if (![...free.values()].includes(other)) free.set(port, other);
    }
  }
  return text.replaceAll(/\b\d+\b/g, (number) => free.get(number) ?? number);
}
