import { describe, expect, it } from '@jest/globals';
import { RootLog } from '../../../core/log.js';

describe('the log of a process', () => {
  it('says what its level lets through, its children too, also when that changes', () => {
    const heard: string[] = [];
    const sink = {
      debug: (_: object, message: string) => heard.push(message),
      info: (_: object, message: string) => heard.push(message),
      warn: (_: object, message: string) => heard.push(message),
      error: (_: object, message: string) => heard.push(message),
      child: () => sink,
    };
    const log = new RootLog(sink, 'warn');
    const child = log.child({ room: 'a' });
    const sayAll = (): void => {
      for (const said of [log, child]) {
        said.debug({}, 'debug');
        said.info({}, 'info');
        said.warn({}, 'warn');
        said.error({}, 'error');
      }
    };
    const saidAt = (level: Parameters<RootLog['setLevel']>[0]): string[] => {
      log.setLevel(level);
      const before = heard.length;
      sayAll();
      return heard.slice(before);
    };
    const all = ['debug', 'info', 'warn', 'error'];
    expect(saidAt('warn')).toEqual(['warn', 'error', 'warn', 'error']);
    expect(saidAt('debug')).toEqual([...all, ...all]);
    expect(saidAt('silent')).toEqual([]);
  });
});
