import { describe, expect, it } from '@jest/globals';
import type { PlotOptions, Plotted } from '../../../cli/plot.js';
import { plot } from '../../../cli/plot.js';
import { styleOf } from '../../../cli/terminal.js';

const LABELS: PlotOptions['labels'] = ['08:00', 'now 09:00', '10:00'];
const GIVEN: Plotted = {
  history: [1, 2, 3, 4],
  low: [3, 2],
  middle: [5, 5],
  high: [6, 10],
};

function lines(given: Partial<Plotted> = {}, options: Partial<PlotOptions> = {}) {
  const text = plot(
    { ...GIVEN, ...given },
    { width: 80, height: 11, style: styleOf(false), labels: LABELS, ...options },
  );
  return text.split('\n');
}

describe('a plot', () => {
  it('has the load before now, the line of now, and median, band and peak after it', () => {
    // A step is four columns wide, ten rows are ten units; the scale stands on the left.
    expect(lines()).toEqual(
      [
        ' 10                 |    ^^^^',
        '                    |    ::::',
        '                    |    ::::',
        '                    |    ::::',
        '  6                 |::::::::',
        '                    |oooooooo',
        '                ****|::::::::',
        '            ****    |::::::::',
        '  2     ****        |    ::::',
        '    ****            |',
        '  0                 |',
        '    08:00       now 09:00',
      ].map((line) => line.slice(1)),
    );
  });

  it('is as wide as there is room, however many steps there are', () => {
    const history = Array.from({ length: 5000 }, (_, step) => step % 7);
    for (const width of [30, 60, 119]) {
      for (const line of lines({ history }, { width })) {
        expect(line.length).toBeLessThanOrEqual(width);
      }
    }
  });

  it('draws the whole range of steps that share a column', () => {
    const history = Array.from({ length: 1000 }, (_, step) => (step % 10 === 0 ? 10 : 0));
    const column = lines({ history }, { width: 40 }).map((line) => line[6]);
    expect(column.filter((mark) => mark === '*')).toHaveLength(11);
  });

  it('writes no escape bytes unless colours are wanted', () => {
    expect(lines().join('')).not.toContain('\u001b');
    expect(lines({}, { style: styleOf(true) }).join('')).toContain('\u001b[');
  });

  it('leaves gaps empty, and draws a load of nothing at the bottom', () => {
    const gap = lines({ history: [4, NaN, 4, 4] });
    expect(
      gap
        .slice(0, -1)
        .map((line) => line.slice(7, 11))
        .join('')
        .trim(),
    ).toBe('');
    const zero = { history: [0, 0], low: [0], middle: [0], high: [0] };
    expect(lines(zero).at(-2)).toContain('********|^^^^');
  });
});
