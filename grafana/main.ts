import { readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dashboards, textOf } from './all.js';

/* `npm run dashboards`: writes the dashboards that Grafana is given, and takes away those that are no more. */

/** Of the product, seen from where it was compiled to. */
const folder = fileURLToPath(new URL('../../grafana/dashboards/', import.meta.url));

const written = dashboards();
for (const name of await readdir(folder)) if (!written.has(name)) await rm(`${folder}${name}`);
for (const [name, dashboard] of written) await writeFile(`${folder}${name}`, textOf(dashboard));
process.stderr.write(`${written.size} dashboards in ${folder}\n`);
