import type { PolicyName } from '../options.js';
import type { PolicyReport, ReplayReport, SceneReport } from '../report.js';
import type { LinesOptions } from './lines.js';
import { lineChart } from './lines.js';
import { serverStrips } from './strips.js';
import { STYLE } from './style.js';
import { escaped, quantity, timeOf } from './text.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** The whole report as one file: no script, nothing loaded from anywhere, the same bytes for the same report. */
export function renderHtml(report: ReplayReport): string {
  const { scene, policies } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Replay of ${escaped(scene.trace)}</title>
<style>${STYLE}${tabRules(policies)}</style>
</head>
<body>
<h1>Replay of ${escaped(scene.trace)}</h1>
<p class="quiet">${escaped(sceneSentence(scene))}</p>
<p class="verdict">${escaped(verdict(policies))}</p>
<h2>Policies side by side</h2>
${policyTable(policies)}
${timeCharts(report)}
${serverSection(report)}
<footer>${escaped(rulesSentence(scene))}</footer>
</body>
</html>
`;
}

function sceneSentence(scene: SceneReport): string {
  const days = quantity((scene.toMs - scene.fromMs) / DAY_MS);
  return (
    `${scene.dimension} of ${scene.resources} resources on ${scene.servers} equal servers, ` +
    `each with room for ${quantity(scene.capacity)}; ${days} days from ${timeOf(scene.fromMs)} ` +
    `to ${timeOf(scene.toMs)} UTC, in steps of ${quantity(scene.stepMs / MINUTE_MS)} minutes.`
  );
}

/** What to take from it, in a sentence or two. The oracle knows the future: nobody is compared with it. */
function verdict(policies: readonly PolicyReport[]): string {
  const [best, ...others] = policies
    .filter(({ policy }) => policy !== 'oracle')
    .sort(
      (a, b) =>
        Number(b.policy === 'foreshift') - Number(a.policy === 'foreshift') ||
        a.overloadMinutes - b.overloadMinutes,
    );
  if (best === undefined) return policies.map(sentenceOn).join(' ');
  const [rival] = others;
  return rival === undefined ? sentenceOn(best) : `${sentenceOn(best)} ${comparison(best, rival)}`;
}

function sentenceOn({
  policy,
  overloadMinutesPerServerDay,
  movesPerResourceDay,
  moves,
}: PolicyReport): string {
  return (
    `${policy}: ${quantity(overloadMinutesPerServerDay)} overload minutes a server and day, ` +
    `${moves.toLocaleString('en-US')} moves (${quantity(movesPerResourceDay)} a resource and day).`
  );
}

function comparison(own: PolicyReport, rival: PolicyReport): string {
  if (rival.overloadMinutes === 0) return `${rival.policy} has no overload at all.`;
  const share = Math.round(100 * (own.overloadMinutes / rival.overloadMinutes - 1));
  const how =
    share === 0 ? 'As much as' : `${Math.abs(share)} % ${share < 0 ? 'less' : 'more'} than`;
  return `${how} ${rival.policy}, the best of the others without hindsight.`;
}

function policyTable(policies: readonly PolicyReport[]): string {
  const most = Math.max(1e-9, ...policies.map((policy) => policy.overloadMinutesPerServerDay));
  const mostMoves = Math.max(1e-9, ...policies.map((policy) => policy.movesPerResourceDay));
  const rows = policies.map((policy) => {
    const cells = [
      `<td><span class="dot"></span>${policy.policy}</td>`,
      barred(policy.overloadMinutesPerServerDay, most),
      barred(policy.movesPerResourceDay, mostMoves),
      number(`${Math.round(100 * policy.peakP95)} %`),
      number(policy.imbalanceMean.toFixed(2)),
      number(policy.imbalanceMax.toFixed(2)),
      number(String(policy.movedTwice)),
      number(policy.holdMs === null ? '–' : `${quantity(policy.holdMs / 1000)} s`),
      number(policy.coverage === null ? '–' : policy.coverage.toFixed(2)),
    ];
    return `<tr class="of-${policy.policy}">${cells.join('')}</tr>`;
  });
  const titles = [
    'policy',
    'overload minutes, server and day',
    'moves, resource and day',
    'P95 peak',
    'max ÷ mean',
    'worst',
    'moved twice in 24 h',
    'held in all',
    'coverage',
  ];
  const head = titles
    .map(
      (title, at) => `<th${at === 1 || at === 2 ? ' style="text-align:left"' : ''}>${title}</th>`,
    )
    .join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

function barred(value: number, most: number): string {
  const percent = ((70 * value) / most).toFixed(1);
  return `<td class="barred"><span class="bar" style="width:${percent}%"></span>${quantity(value)}</td>`;
}

function number(text: string): string {
  return `<td>${text}</td>`;
}

function timeCharts({ scene, details }: ReplayReport): string {
  const { fromMs, toMs, stepMs } = scene;
  const bucketMs = (details[0]?.bucketSteps ?? 1) * stepMs;
  const over = (label: string, low = 0): LinesOptions => ({ label, fromMs, toMs, bucketMs, low });
  const overload = details.map(({ policy, overloadMinutes: values }) => ({ policy, values }));
  const imbalance = details.map(({ policy, imbalance: values }) => ({
    policy,
    values: smoothed(values, Math.max(1, Math.round((6 * HOUR_MS) / bucketMs))),
  }));
  const moves = details.map((detail) => {
    const counts = new Array<number>(detail.imbalance.length).fill(0);
    for (const { atMs } of detail.moves) {
      const bucket = Math.floor((atMs - fromMs) / bucketMs);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    let sum = 0;
    return { policy: detail.policy, values: counts.map((count) => (sum += count)) };
  });
  return `<h2>Overload minutes so far</h2>
<p class="quiet">All servers together; a steep piece is a bad day.</p>
${lineChart(overload, over('Overload minutes over time, by policy'))}
<h2>Imbalance</h2>
<p class="quiet">Load of the most loaded server ÷ mean of the servers; 1 is even. Mean over six hours.</p>
${lineChart(imbalance, over('Imbalance over time, by policy', 1))}
<h2>Moves so far</h2>
${lineChart(moves, over('Moves over time, by policy'))}`;
}

/** Mean of the last `width` values. */
function smoothed(values: readonly number[], width: number): number[] {
  return values.map((_, at) => {
    const window = values.slice(Math.max(0, at - width + 1), at + 1);
    return window.reduce((sum, value) => sum + value, 0) / window.length;
  });
}

function serverSection({ scene, details }: ReplayReport): string {
  const shown = details[0]?.servers.length ?? 0;
  const which = shown < scene.servers ? `The ${shown} fullest of ${scene.servers} servers. ` : '';
  const chosen = details.some(({ policy }) => policy === 'foreshift')
    ? 'foreshift'
    : details[0]?.policy;
  const tabs = details.map(({ policy }) => {
    const checked = policy === chosen ? ' checked' : '';
    return `<label class="of-${policy}"><input type="radio" name="policy" id="show-${policy}"${checked}>${policy}</label>`;
  });
  const strips = details.map(
    (detail) =>
      `<div class="strips" id="strips-${detail.policy}">${serverStrips(detail, scene)}</div>`,
  );
  return `<h2>Load of each server against its capacity</h2>
<p class="quiet">${which}The highest load in each ${quantity(((details[0]?.bucketSteps ?? 1) * scene.stepMs) / MINUTE_MS)} minutes; point at a mark to see what moved.</p>
<p class="quiet">
<span class="key"><svg viewBox="0 0 16 12"><path class="load" d="M0 12V4H16V12Z"/></svg>load</span>
<span class="key"><svg viewBox="0 0 16 12"><path class="overload" d="M0 12V4H16V12Z"/></svg>above capacity</span>
<span class="key"><svg viewBox="0 0 16 12"><path class="came" d="M2 10H14L8 2Z"/></svg>resources came</span>
<span class="key"><svg viewBox="0 0 16 12"><path class="went" d="M2 2H14L8 10Z"/></svg>resources went</span>
</p>
<div class="tabs" role="radiogroup" aria-label="Policy">${tabs.join('')}</div>
${strips.join('\n')}`;
}

function tabRules(policies: readonly { readonly policy: PolicyName }[]): string {
  return policies
    .map(
      ({ policy }) => `body:has(#show-${policy}:checked) #strips-${policy} { display: block; }\n`,
    )
    .join('');
}

function rulesSentence(scene: SceneReport): string {
  const minutes = quantity((scene.decisionSteps * scene.stepMs) / MINUTE_MS);
  const early = scene.hasTriggers ? ', and decides early when its threshold trigger says so' : '';
  return (
    `Decisions every ${minutes} minutes with data up to the step before, at most ${scene.movesMax} moves each, ` +
    `looking ${scene.horizonSteps} steps ahead; the first map is made from ${scene.warmSteps} steps of history. ` +
    `foreshift moves by its real switch protocol (drain median ${scene.switch.drainMs} ms)${early}; the others move at once. ` +
    `Seed ${scene.seed}.`
  );
}
