import type { Explained } from '../../api/contract/explain.js';
import { bytesWords } from '../../core/text.js';
import type { Verb } from '../verb.js';
import { quantity } from '../words.js';

export const explainVerb: Verb = {
  usage: 'explain <resource>',
  summary: 'Why a resource is where it is, whether it should move, and why not elsewhere.',
  run: async (context, [resource = '']) => {
    const api = await context.api();
    const explained = await api.get<Explained>(`/v1/explain/${encodeURIComponent(resource)}`);
    context.show(explained, () => explainText(explained));
  },
};

function explainText(explained: Explained): string {
  const { headline, history, fits, notes, standby, demand, models, next } = explained;
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
  ].join('\n');
}
