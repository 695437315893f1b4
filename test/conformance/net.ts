import { afterEach, beforeEach, describe } from '@jest/globals';
import type { NetWorld } from '../support/meeting-place.js';
import { MeetingPlace } from '../support/meeting-place.js';
import { describeCalls } from './net-calls.js';
import { describeConnections } from './net-connections.js';

/** What every network must do; each implementation's test calls this. */
export function describeNet(name: string, make: () => NetWorld): void {
  describe(name, () => {
    const net = new MeetingPlace();
    beforeEach(() => {
      net.open(make());
    });
    afterEach(() => net.close());

    describeConnections(net);
    describeCalls(net);
  });
}
