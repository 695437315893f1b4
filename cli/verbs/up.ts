import { join } from 'node:path';
import { randomInt } from 'node:crypto';
import { formatAddress } from '../../core/domain.js';
import { createLog } from '../../core/log.js';
import { SeededRng } from '../../core/rng.js';
import { productVersion } from '../product.js';
import { clusterSecret } from '../services/secret.js';
import { untilStopped } from '../services/signals.js';
import { Up } from '../services/up.js';
import type { Verb } from '../verb.js';

export const upVerb: Verb = {
  usage: 'up',
  summary: 'Run everything in one process, on embedded engines, until it is told to stop.',
  run: async (context) => {
    const { config, secret, influxPassword, folder } = await context.config();
    const log = createLog({ level: config.log.level });
    const dataDir = join(folder, config.dataDir);
    const up = await Up.open(config, {
      clock: context.clock,
      rng: new SeededRng(randomInt(2 ** 32)),
      log,
      version: await productVersion(),
      secret: await clusterSecret(secret, dataDir),
      dataDir,
      influxPassword,
    });
    await up.start();
    const addresses = {
      api: formatAddress(up.api.address),
      proxy: up.listeners.map(formatAddress),
      health: formatAddress(up.health.address),
      agents: formatAddress(up.registration.address),
    };
    if (context.isJson) context.terminal.print(JSON.stringify({ ready: addresses }));
    else {
      const { terminal } = context;
      terminal.say(`page and API  http://${addresses.api}`);
      for (const proxy of addresses.proxy) terminal.say(`clients       http://${proxy}`);
      terminal.say(`metrics       http://${addresses.health}/metrics`);
      terminal.say(`agents        ${addresses.agents}`);
      if (addresses.proxy.length === 0) {
        terminal.say('no listener is configured: clients cannot connect (config: listeners)');
      }
    }
    await untilStopped();
    await up.stop();
  },
};
