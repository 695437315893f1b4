import type { Explained } from '../../api/contract/explain.js';
import { explainSchema } from '../../api/contract/explain.js';
import { bytesWords } from '../../core/text.js';
import type { Verb } from '../verb.js';
import { textOption } from '../verb.js';
import { whatIfText } from '../what-if-text.js';
import { quantity } from '../words.js';

export const explainVerb: Verb = {
  usage: 'explain <resource>',
  summary: 'Why a resource is where it is, whether it should move, and why not elsewhere.',
  options: [['--on <server>', 'what would be if it were there']],
  answer: explainSchema,
  run: async (context, [resource = ''], options) => {
    const api = await context.api();
    const on = textOption(options, 'on');
    const query = on === undefined ? '' : `?on=${encodeURIComponent(on)}`;
    const path = `/v1/explain/${encodeURIComponent(resource)}${query}`;
    const explained = await api.get<Explained>(path);
    context.show(explained, () => explainText(explained));
  },
};

function explainText(explained: Explained): string {
  const { headline, history, fits, notes, standby, demand, models, next, on } = explained;
  const there = on?.whatIf ?? null;
  const demands = Object.entries(demand).map(([dimension, value]) => {
    const amount =
      dimension === 'memory' || dimension === 'network' ? bytesWords(value) : quantity(value);
    return `  expected peak ${dimension} ${amount} (${models[dimension] ?? 'no model'})`;
  });
  return [
    headline,
    ...(next === null ? [] : [`next: ${next}`]),
    ...(history === null ? [] : [history]),
    ...fits.map((fit) => `  ${fit}`),
    ...notes,
    standby === null ? 'It has no standby.' : `If its server is lost it goes to ${standby}.`,
    ...demands,
    ...(on === null ? [] : [`on ${on.server}? ${on.fit}`]),
    ...(there === null ? [] : [whatIfText(there, { isVerbose: false })]),
  ].join('\n');
}
