import { describe, expect, it } from '@jest/globals';
import { firstConfig } from '../../../cli/first-config.js';
import { loadConfig } from '../../../core/config/load.js';

const ANSWERS = {
  mode: 'observe',
  listen: '0.0.0.0:8080',
  servers: 's1=10.0.0.11:80, 10.0.0.12:80 v6=[::1]:80',
  resources: 'vol-1,vol-2',
  exporterPort: '9100',
  cores: '8',
  memory: '32GiB',
} as const;

describe('a first config', () => {
  it('is taken by the product, and says what was answered', () => {
    const text = firstConfig(ANSWERS, { schema: './foreshift.schema.json' });
    const { config } = loadConfig({ file: 'f', text, environment: {} });
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/foreshift\.schema\.json\n/);
    expect(config.mode).toBe('observe');
    expect(config.resources.names).toEqual(['vol-1', 'vol-2']);
    expect(config.servers.map(({ id, metrics }) => [id, metrics?.url])).toEqual([
      ['s1', 'http://10.0.0.11:9100/metrics'],
      ['s2', 'http://10.0.0.12:9100/metrics'],
      ['v6', 'http://[::1]:9100/metrics'],
    ]);
    expect(config.servers[1]?.capacity).toEqual({ cpu: 8, memory: 32 * 2 ** 30 });
  });

  it('leaves out what nobody knows', () => {
    const answers = { ...ANSWERS, servers: '', resources: '', exporterPort: '' };
    const text = firstConfig(answers, {});
    expect(text).not.toMatch(/^(servers|resources):/m);
    expect(() => loadConfig({ file: 'f', text, environment: {} })).not.toThrow();
  });

  it('is none where an answer cannot be meant', () => {
    const file = 'mine.yaml';
    expect(() => firstConfig({ ...ANSWERS, servers: 's1=nowhere' }, { file })).toThrow(
      /mine\.yaml:\d+: servers\.0\.address/,
    );
    expect(() => firstConfig({ ...ANSWERS, cores: 'many' }, { file })).toThrow(
      /servers\.0\.capacity\.cpu/,
    );
    expect(() => firstConfig({ ...ANSWERS, resources: 'a/../b,{}' }, { file })).toThrow(
      /resources\.names/,
    );
  });
});
