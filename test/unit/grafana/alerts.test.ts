import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { productFolder } from '../../../cli/product.js';
import { RULES_TEST_FILE, metricsIn, metricsOn, rulesInFile } from '../../support/grafana/rules.js';

const rules = await rulesInFile();
const alerts = rules.flatMap(({ alert, ...rule }) =>
  alert === undefined ? [] : [{ alert, ...rule }],
);
const runbook = await readFile(`${productFolder}docs/RUNBOOK.md`, 'utf8');
const sections = runbook.split(/^## /m).slice(1);

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts?: readonly unknown[];
}

describe('alerts', () => {
  it('are those that the runbook has a section of, in its order of names', () => {
    const titles = sections.map((section) => section.slice(0, section.indexOf('\n')));
    expect([...titles].sort()).toEqual(alerts.map(({ alert }) => alert).sort());
    expect(titles.length).toBeGreaterThan(10);
  });

  it('say where their section is, how urgent they are, and what is wrong', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect(annotations?.runbook_url).toBe(`docs/RUNBOOK.md#${alert.toLowerCase()}`);
      expect([alert, labels?.severity]).toEqual([alert, expect.stringMatching(/^(page|warning)$/)]);
      expect(annotations?.summary).toMatch(/^.{20,}/);
    }
  });

  it('are as urgent in the runbook, which says where to look and what to do', () => {
    for (const section of sections) {
      const [title = ''] = section.split('\n');
      const severity = alerts.find(({ alert }) => alert === title)?.labels?.severity;
      const word = severity === 'page' ? '_Page._' : '_Warning._';
      expect(section).toContain(`\n\n${word} `);
      expect(section).toMatch(/\nLook: .+/);
      expect(section).toMatch(/\nDo: .+/);
    }
  });

  it('are each tested to fire, and not to fire', async () => {
    const file = parse(await readFile(RULES_TEST_FILE, 'utf8')) as {
      readonly tests: readonly { readonly alert_rule_test?: readonly AlertTest[] }[];
    };
    const tests = file.tests.flatMap(({ alert_rule_test: all = [] }) => all);
    for (const { alert } of alerts) {
      const own = tests.filter(({ alertname }) => alertname === alert);
      const fires = own.map(({ exp_alerts: expected = [] }) => expected.length > 0);
      expect([alert, new Set(fires)]).toEqual([alert, new Set([true, false])]);
    }
  });

  it('rest on recordings that are named level:metric:operation, and are there', () => {
    const recorded = rules.flatMap(({ record }) => record ?? []);
    for (const name of recorded) expect(name).toMatch(/^[a-z_]+:foreshift_[a-z_]+:[a-z0-9_]+$/);
    for (const { expr } of rules) {
      for (const [name] of expr.matchAll(/\w+:\w+:\w+/g)) expect(recorded).toContain(name);
    }
  });
});

describe('the metrics that a text names', () => {
  it('are told from those that rules record, and histograms from their parts', () => {
    expect(
      metricsIn('a:foreshift_b:c > rate(foreshift_d_seconds_bucket[1h]) + foreshift_e_total'),
    ).toEqual(['foreshift_d_seconds', 'foreshift_e_total']);
    expect(metricsOn('# TYPE foreshift_a gauge\nforeshift_a 1\n# TYPE b counter\n')).toEqual(
      new Set(['foreshift_a', 'b']),
    );
  });
});
