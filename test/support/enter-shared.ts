import { SimulatedClock } from '../../core/clock/simulated.js';
import { SeededRng } from '../../core/rng.js';
import { Gate } from '../../redirector/gate.js';
import { Choice } from '../../redirector/shared/choice.js';
import { ServerLoads } from '../../redirector/shared/server-loads.js';
import { ControlPlane } from './control-plane.js';
import { r } from './names.js';

/*
 * Enters a shared resource again and again, and says on standard output when all that it runs has been compiled:
 * `node --trace-gc enter-shared.js`, which writes a line for each collection.
 */

const WARM = 3_000_000;
const MEASURED = 10_000_000;

// Node's own clock answers with a number in a box; what is looked at here is ours.
const clock = new SimulatedClock();
const { view } = await ControlPlane.with(['s1', 's2', 's3'], { 'vol-1': 's1@1.5' });
const gate = new Gate({ clock, needsLease: () => false });
gate.apply(view.table);
const loads = new ServerLoads(clock);
const choice = new Choice({ loads, rng: new SeededRng(1) }, 'peak-ewma');
choice.among([1, 2, 3].map((weight, server) => ({ server, weight })));
gate.share([r('web')], choice);
const at = gate.indexOf(r('web'));

function work(times: number): void {
  for (let each = 0; each < times; each++) {
    const server = gate.enter(at);
    loads.entered(server);
    loads.answered(server, 3.5);
    loads.left(server);
    gate.leave(at, 100, 4);
  }
}

for (let each = 0; each < WARM; each += 1000) work(1000);
console.log('warm');
work(MEASURED);
console.log('done');
