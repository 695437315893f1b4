import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/* `npm run bench -- NAME [options]`: one bench by name. */

const [name = '', ...args] = process.argv.slice(2);
const file = new URL(`./${name}.js`, import.meta.url);
const isKnown =
  /^[a-z-]+$/.test(name) &&
  name !== 'main' &&
  (await access(fileURLToPath(file)).then(
    () => true,
    () => false,
  ));
if (isKnown) {
  process.argv.splice(2, Infinity, ...args);
  await import(file.href);
} else {
  process.stderr.write('which bench? See the files in bench/: npm run bench -- replay …\n');
  process.exitCode = 64;
}
