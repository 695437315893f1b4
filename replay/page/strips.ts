import type { ServerId } from '../../core/domain.js';
import type { PolicyDetail, SceneReport } from '../report.js';
import type { Frame } from './axes.js';
import { fixed, timeAxis, xOf, yOf } from './axes.js';
import { escaped, timeOf } from './text.js';

const WIDTH = 960;
const HEIGHT = 84;
const AXIS_HEIGHT = 24;
/** Where arrivals and departures are marked, under the load. */
const MARKS_HEIGHT = 16;
/** Names in the tooltip of one mark. */
const NAMED_MAX = 6;

/** The fullest servers under one policy, one above the other: load against capacity, and what came and went. */
export function serverStrips(detail: PolicyDetail, scene: SceneReport): string {
  const highest = Math.max(1, ...detail.servers.flatMap(({ peaks }) => peaks));
  const bucketMs = detail.bucketSteps * scene.stepMs;
  const strips = detail.servers.map(({ server, peaks }, index) => {
    const isLast = index === detail.servers.length - 1;
    const frame: Frame = {
      width: WIDTH,
      height: HEIGHT + (isLast ? AXIS_HEIGHT : 0),
      left: 56,
      right: 16,
      top: 4,
      bottom: MARKS_HEIGHT + (isLast ? AXIS_HEIGHT : 0),
      fromMs: scene.fromMs,
      toMs: scene.toMs,
      low: 0,
      high: 1.05 * highest,
    };
    const marks = marksOf(server, detail, { fromMs: scene.fromMs, bucketMs });
    const body =
      area(peaks, frame, bucketMs, `${detail.policy}-${server}`) +
      capacityLine(frame) +
      [...marks].map(([bucket, mark]) => markAt(frame, bucket, bucketMs, mark)).join('') +
      (isLast ? timeAxis({ ...frame, bottom: AXIS_HEIGHT }) : '');
    const peak = Math.round(100 * Math.max(0, ...peaks));
    const label = `${server}: highest load ${peak} % of its capacity`;
    return (
      `<svg class="strip" viewBox="0 0 ${WIDTH} ${frame.height}" role="img" aria-label="${escaped(label)}">` +
      `${body}<text class="server" x="8" y="18">${escaped(server)}</text>` +
      `<text class="tick" x="8" y="34">${peak} %</text></svg>`
    );
  });
  return strips.join('\n');
}

/** The load as an area, what is above capacity in another colour: one shape, shown twice through two windows. */
function area(peaks: readonly number[], frame: Frame, bucketMs: number, id: string): string {
  const { width, left, right, fromMs, toMs } = frame;
  const floor = fixed(yOf(frame, 0));
  const line = peaks.map((peak, bucket) => {
    const endMs = Math.min(toMs, fromMs + (bucket + 1) * bucketMs);
    return `V${fixed(yOf(frame, peak))}H${fixed(xOf(frame, endMs))}`;
  });
  const full = yOf(frame, 1);
  const clip = (name: string, y: number, height: number): string =>
    `<clipPath id="${name}-${id}"><rect x="0" width="${width}" y="${fixed(y)}" height="${fixed(height)}"/></clipPath>`;
  const shown = (kind: string, name: string): string =>
    `<use class="${kind}" href="#shape-${id}" clip-path="url(#${name}-${id})"/>`;
  return (
    `<defs><path id="shape-${id}" d="M${left} ${floor}${line.join('')}H${width - right}V${floor}Z"/>` +
    `${clip('over', 0, full)}${clip('under', full, frame.height - full)}</defs>` +
    `${shown('load', 'under')}${shown('overload', 'over')}`
  );
}

function capacityLine(frame: Frame): string {
  const y = fixed(yOf(frame, 1));
  const { left, width, right } = frame;
  return `<line class="capacity" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>`;
}

interface Mark {
  readonly came: string[];
  readonly went: string[];
}

function marksOf(
  server: ServerId,
  { moves }: PolicyDetail,
  { fromMs, bucketMs }: { readonly fromMs: number; readonly bucketMs: number },
): Map<number, Mark> {
  const marks = new Map<number, Mark>();
  for (const { atMs, resource, source, target } of moves) {
    if (source !== server && target !== server) continue;
    const bucket = Math.floor((atMs - fromMs) / bucketMs);
    const mark = marks.get(bucket) ?? { came: [], went: [] };
    marks.set(bucket, mark);
    if (target === server) mark.came.push(`${resource} from ${source}`);
    else mark.went.push(`${resource} to ${target}`);
  }
  return marks;
}

/** Under the load: a tip up into it for what came, a tip down out of it for what went. */
function markAt(frame: Frame, bucket: number, bucketMs: number, { came, went }: Mark): string {
  const x = xOf(frame, frame.fromMs + (bucket + 0.5) * bucketMs);
  const y = yOf(frame, 0) + MARKS_HEIGHT / 2 + 1;
  const atMs = frame.fromMs + bucket * bucketMs;
  const title = [timeOf(atMs), ...listed('came', came), ...listed('went', went)].join('\n');
  const shapes =
    (came.length > 0 ? `<path class="came" d="${triangle(x, y, -1)}"/>` : '') +
    (went.length > 0 ? `<path class="went" d="${triangle(x, y, 1)}"/>` : '');
  return `<g><title>${escaped(title)}</title>${shapes}</g>`;
}

function triangle(x: number, y: number, sign: 1 | -1): string {
  return `M${fixed(x - 3)} ${fixed(y + sign)}L${fixed(x + 3)} ${fixed(y + sign)}L${fixed(x)} ${fixed(y + sign * 6)}Z`;
}

function listed(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > NAMED_MAX ? [`and ${names.length - NAMED_MAX} more`] : [];
  return [`${what}: ${[...names.slice(0, NAMED_MAX), ...more].join(', ')}`];
}
