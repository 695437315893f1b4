import { Spool } from '../../collector/spool.js';
import { SystemClock } from '../../core/clock/system.js';
import { NodeDisk } from '../../core/disk/node.js';
import { SILENT_LOG } from '../../core/log.js';
import { samplesAt } from './samples.js';

/*
 * A process that appends to a spool until it is killed, and says each number once it is acknowledged:
 * `node spool-writer.js FOLDER FIRST`
 */
const [folder = '', first = '0'] = process.argv.slice(2);
const parts = { disk: new NodeDisk(folder), clock: new SystemClock(), log: SILENT_LOG };
const spool = await Spool.open(parts, { segmentBytes: 1000 });
for (let number = Number(first); ; number++) {
  await spool.append(samplesAt(number));
  process.stdout.write(`${number}\n`);
}
