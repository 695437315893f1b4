import { describe, expect, it } from '@jest/globals';
import { NOTHING, commandHead } from '../../../../../core/iscsi/pdu.js';
import { ACTION, persistentOut } from '../../../../../core/iscsi/reservations.js';
import type { TaskReservation } from '../../../../../redirector/adapters/iscsi/task-reservation.js';
import { taskReservation } from '../../../../../redirector/adapters/iscsi/task-reservation.js';
import { WriteData } from '../../../../../redirector/adapters/iscsi/write-data.js';

/** A preemption, and what is written down of it, in order. */
function preemption(): { readonly of: TaskReservation | undefined; readonly said: string[] } {
  const said: string[] = [];
  const saying = (what: string) => (): Promise<void> => {
    said.push(what);
    return Promise.resolve();
  };
  const { command, written } = persistentOut({
    ...{ action: ACTION.preempt, kind: 1, key: 'a'.repeat(16), subject: 'b'.repeat(16) },
    isThroughPowerLoss: false,
  });
  const data = new WriteData();
  data.add([written]);
  const reserving = {
    refusal: () => undefined,
    ...{ intends: saying('intended'), did: saying('done'), refused: saying('not done') },
    mayHaveDone: () => void said.push('perhaps done'),
  };
  return { of: taskReservation(reserving, pduOf(command, written.length), data), said };
}

function pduOf(command: Buffer, writtenBytes: number): Parameters<typeof taskReservation>[1] {
  const head = commandHead(command, { readBytes: 0, writtenBytes });
  return { head, extra: NOTHING, dataLength: 0, data: [] };
}

describe('what a command does to reservations', () => {
  it('is taken back, if the command ends before a server was told of it', async () => {
    const { of, said } = preemption();
    await of?.intends();
    of?.over();
    expect(said).toEqual(['intended', 'not done']);
  });

  it('stays as the server has answered', async () => {
    for (const [isDone, what] of [
      [true, 'done'],
      [false, 'not done'],
    ] as const) {
      const { of, said } = preemption();
      await of?.intends();
      await of?.answered(isDone);
      of?.over();
      expect(said).toEqual(['intended', what]);
    }
  });

  it('counts as perhaps done, if the answer was lost', async () => {
    const { of, said } = preemption();
    await of?.intends();
    of?.mayHaveDone();
    of?.over();
    expect(said).toEqual(['intended', 'perhaps done']);
  });
});
