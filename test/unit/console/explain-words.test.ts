import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Explained } from '../../../api/contract/explain.js';
import { at } from '../../../console/frame/address.js';
import { explainPage } from '../../../console/pages/explain.js';
import { ApiFront } from '../../support/api-front.js';
import { SERVERS, Seen } from '../../support/console-sight.js';
import { runRecorded } from '../../support/recorder.js';

/** Cells and lines of a page are apart by spaces, those of the command line by lines. */
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(' :', ':');

describe('why a resource is where it is', () => {
  let front: ApiFront;

  beforeEach(async () => {
    front = await ApiFront.start();
    await front.forecast({ a: 3, b: 1 });
    const { plane } = front;
    await plane.applied([plane.move('a', 's2')], plane.clock.realtimeMs());
  });

  afterEach(() => front.stop());

  it.each(['a', 'b'])(
    'is told of %s in the same words by API, command line and page',
    async (id) => {
      const path = `/v1/explain/${id}`;
      const { text } = await front.ask('GET', path);
      const explained = JSON.parse(text) as Explained;
      const { headline, history, fits, notes } = explained;
      const sentences = [headline, ...fits, ...notes, ...(history === null ? [] : [history])];
      expect(fits).toHaveLength(2);
      const api = `http://127.0.0.1:${front.server.address.port}`;
      const typed = await runRecorded('explain', id, '--api', api);
      const status = JSON.parse((await front.ask('GET', '/v1/status')).text) as object;
      const placements = JSON.parse(
        (await front.ask('GET', `/v1/resources/${id}/placements`)).text,
      ) as object;
      const seen = new Seen(explainPage, {
        address: at('explain', ['resource', id]),
        answers: {
          [path]: explained,
          '/v1/status': status,
          '/v1/servers': SERVERS,
          [`/v1/resources/${id}/placements`]: placements,
        },
      });
      for (const sentence of sentences) {
        expect(plain(typed.printed)).toContain(plain(sentence));
        expect(plain(seen.text)).toContain(plain(sentence));
      }
    },
  );
});
