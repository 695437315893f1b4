import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { GANESHA_DEFAULTS, Ganesha as GaneshaDriver } from '../../agent/ganesha.js';
import { NodeDisk } from '../../core/disk/node.js';
import { describeWith } from '../support/installed.js';
import { NfsTester, handleOf } from '../support/nfs/client.js';
import { GaneshaPair } from '../support/nfs/pair.js';

/* The agents of two real nfs-ganesha let each export only what it owns: what is sent to the former server late is refused. */

const MOVES = 10;

describeWith('ganesha.nfsd')('exports that follow what is owned', () => {
  let pair: GaneshaPair;

  beforeEach(async () => {
    pair = await GaneshaPair.start({
      attachmentsOf: ({ mountPort, exports, pidFile }, { net, clock, log }) => {
        const reload = async (): Promise<void> => {
          process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGHUP');
        };
        return new GaneshaDriver(
          { net, clock, log, disk: new NodeDisk(exports), reload },
          { ...GANESHA_DEFAULTS, mount: { host: '127.0.0.1', port: mountPort } },
        );
      },
    });
  });

  afterEach(() => pair.stop(), 60_000);

  it('refuse what comes late, and let clients of the redirector notice nothing', async () => {
    const { cluster, servers, data } = pair;
    const tester = pair.client();
    const root = await tester.mounted('/vol');
    const file = handleOf(await tester.create(root, 'file'));
    // Somebody who knows the server's own handles: as a redirector would that was stopped for a while.
    const direct = (name: 's1' | 's2'): NfsTester =>
      new NfsTester(cluster.net, { host: '127.0.0.1', port: servers[name].port });
    const ofMount = new NfsTester(cluster.net, { host: '127.0.0.1', port: servers.s1.mountPort });
    const rootAtS1 = await ofMount.mounted(data);
    const late = direct('s1');
    const fileAtS1 = handleOf(await late.lookup(rootAtS1, 'file'));
    expect(await late.write(fileAtS1, 0, Buffer.from('early'))).toMatchObject({ committed: 0 });

    const progress = { isOver: false };
    const working = (async () => {
      for (let round = 0; !progress.isOver; round++) {
        const text = Buffer.from(`round ${round}`);
        expect(await tester.write(file, 0, text)).toMatchObject({ committed: 0 });
        expect(await tester.read(file, 0, text.length)).toEqual(Uint8Array.from(text));
      }
    })();
    for (let move = 0; move < MOVES; move++) {
      expect(await cluster.switchTo([['vol-1', move % 2 === 0 ? 's2' : 's1']])).toBe('applied');
      if (move % 2 !== 0) continue;
      expect(await late.write(fileAtS1, 0, Buffer.from('late'))).toBe(70);
      expect(typeof (await ofMount.mount(data))).toBe('number');
    }
    progress.isOver = true;
    await working;
    expect(await late.write(fileAtS1, 0, Buffer.from('in time'))).toMatchObject({ committed: 0 });
    expect([...cluster.nfsOf().counters.refused]).toEqual([]);
    for (const one of [tester, late, ofMount]) one.close();
  });
});
