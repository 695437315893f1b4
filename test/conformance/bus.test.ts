import { EmbeddedBus } from '../../core/bus/embedded.js';
import { MemoryBus } from '../../core/bus/memory.js';
import { SimulatedClock } from '../../core/clock/simulated.js';
import { MemoryDisk } from '../../core/disk/memory.js';
import { SILENT_LOG } from '../../core/log.js';
import { stepUntil } from '../support/step-until.js';
import { describeBus } from './bus.js';

const waitingMax = 20;
const log = SILENT_LOG;
const REOPENING = [
  'runs what waited',
  'runs again what was interrupted, as if it had not been tried',
  'keeps its schedules, and forgets those taken away',
];

describeBus(
  'MemoryBus',
  () => {
    const clock = new SimulatedClock(1_700_000_000_000);
    const bus = new MemoryBus({ clock, log }, { waitingMax });
    return Promise.resolve({ bus, clock, waitingMax, until: (it) => stepUntil(clock, it) });
  },
  REOPENING.map((test) => ({ test, reason: 'it lives as long as its process' })),
);

describeBus('EmbeddedBus', async () => {
  const clock = new SimulatedClock(1_700_000_000_000);
  const parts = { disk: new MemoryDisk(), clock, log };
  const open = () => EmbeddedBus.open(parts, { waitingMax, compactAtBytes: 2000 });
  return {
    bus: await open(),
    clock,
    waitingMax,
    until: (it) => stepUntil(clock, it),
    reopen: open,
  };
});
