import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OURS = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g;

/**
 * The name of the code behind a compiled module: a hash of its text and of all of ours that it imports. Equal code has
 * an equal name whatever else is in a commit, so that what a long run has seen stays seen until that code changes.
 */
export function codeName(entry: URL): string {
  const hash = createHash('sha256');
  // Texts say in which order they import what: no path is needed, and the name is the same in every folder.
  for (const text of read(entry, new Map()).values()) hash.update(`${text.length}\n${text}`);
  return hash.digest('hex').slice(0, 12);
}

function read(module: URL, texts: Map<string, string>): Map<string, string> {
  if (texts.has(module.href)) return texts;
  const text = readFileSync(fileURLToPath(module), 'utf8');
  texts.set(module.href, text);
  for (const [, name] of text.matchAll(OURS))
    if (name !== undefined) read(new URL(name, module), texts);
  return texts;
}
