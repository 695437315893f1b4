import type { NfsContext } from './context.js';
import type { Outcomes } from './outcomes.js';
import { EXIST, NOENT } from './procedures.js';
import type { Asked } from './asked.js';

/**
 * A call was sent again since the answer of the first was lost, and the server refused it in a way that it would if the first
 * had been carried out. Whether it was: the server of the second knows nothing of the first, so what is there is looked at.
 */
export async function isDone(
  { resolver }: NfsContext,
  { procedure, server }: Asked,
  status: number | undefined,
  { entries, names, before }: Outcomes,
): Promise<boolean> {
  const [first, second] = entries;
  const [name = '', other = ''] = names;
  switch (procedure.again) {
    case 'same':
      return false;
    case 'removes':
      // It was there when the client asked, and is not now.
      return status === NOENT && before !== undefined;
    case 'makes': {
      // It was not, as far as anybody had asked, and is there now.
      if (status !== EXIST || before !== undefined || first === undefined) return false;
      return typeof (await resolver.look(first, name, server)) === 'object';
    }
    case 'renames': {
      if (status !== NOENT || before === undefined || second === undefined) return false;
      const found = await resolver.look(second, other, server);
      return typeof found === 'object' && found.fileId === before.fileId;
    }
    case 'links': {
      if (status !== EXIST || first === undefined || second === undefined) return false;
      const found = await resolver.look(second, name, server);
      return typeof found === 'object' && found.fileId === first.fileId;
    }
  }
}
