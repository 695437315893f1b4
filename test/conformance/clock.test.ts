import { SimulatedClock } from '../../core/clock/simulated.js';
import { SystemClock } from '../../core/clock/system.js';
import { stepUntil } from '../support/step-until.js';
import { describeClock } from './clock.js';

describeClock('SystemClock', () => ({ clock: new SystemClock(), until: (promise) => promise }));

describeClock('SimulatedClock', () => {
  const clock = new SimulatedClock();
  return { clock, until: (promise) => stepUntil(clock, promise) };
});
