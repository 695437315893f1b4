import { z } from 'zod';
import { bashCompletion } from '../completion.js';
import type { Verb } from '../verb.js';

/** @param verbs all of them, once they are known */
export function completionVerbOf(verbs: () => readonly Verb[]): Verb {
  return {
    usage: 'completion',
    summary: 'Print a script that completes verbs and options in a shell.',
    verbs: [
      {
        usage: 'bash',
        summary: 'For bash: source <(foreshift completion bash)',
        answer: z.object({ script: z.string() }),
        run: (context) => {
          const script = bashCompletion(verbs());
          context.show({ script }, () => script);
          return Promise.resolve();
        },
      },
    ],
  };
}
