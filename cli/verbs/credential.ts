import { z } from 'zod';
import type { Credential, CredentialKind } from '../../core/credentials/credential-table.js';
import {
  CREDENTIAL_KINDS,
  CREDENTIAL_KINDS_HELP,
  credentialSchema,
} from '../../core/credentials/credential-table.js';
import { fail } from '../../core/errors.js';
import { counted } from '../../core/text.js';
import { REASON, actorOf } from '../acting.js';
import { readText } from '../read-text.js';
import { textTable } from '../text-table.js';
import type { Verb, VerbOptions } from '../verb.js';
import { choiceOption, textOption } from '../verb.js';

const KIND: readonly [string, string, string] = [
  '--kind <kind>',
  `what it is for: ${CREDENTIAL_KINDS_HELP}`,
  'chap',
];
const CHOICES = { '--kind': CREDENTIAL_KINDS } as const;

const setVerb: Verb = {
  usage: 'set <user>',
  summary: 'Keep the secret of a user, encrypted; one that was there is replaced.',
  options: [
    ['--secret-file <file>', 'holds the secret, on its first line (/dev/stdin: what is piped in)'],
    KIND,
    REASON,
  ],
  choices: CHOICES,
  answer: credentialSchema,
  run: async (context, [user = ''], options) => {
    const file = textOption(options, 'secretFile');
    if (file === undefined) return fail('ERR_OPTION_MISSING', { option: '--secret-file' });
    const [secret = ''] = (await readText(file)).split(/\r?\n/, 1);
    const api = await context.api();
    const body = { kind: kindOf(options), user, secret, ...actorOf(context, options) };
    const kept = await api.post<Credential>('/v1/credentials', body);
    context.show(kept, () => `the secret of ${user} is kept`);
  },
};

const removeVerb: Verb = {
  usage: 'remove <user>',
  summary: 'Forget the secret of a user: nobody logs on by it any more.',
  options: [KIND, REASON],
  choices: CHOICES,
  answer: z.object({ kind: z.enum(CREDENTIAL_KINDS), user: z.string() }),
  run: async (context, [user = ''], options) => {
    const kind = kindOf(options);
    const api = await context.api();
    await api.post('/v1/credentials/remove', { kind, user, ...actorOf(context, options) });
    context.show({ kind, user }, () => `the secret of ${user} is forgotten`);
  },
};

const listVerb: Verb = {
  usage: 'list',
  summary: 'Say whose secrets are kept; the secrets are told to nobody.',
  answer: z.array(credentialSchema),
  run: async (context) => {
    const api = await context.api();
    const kept = await api.get<readonly Credential[]>('/v1/credentials');
    context.show(kept, () => (kept.length === 0 ? 'no secret is kept' : tableOf(kept)));
  },
};

const resealVerb: Verb = {
  usage: 'reseal',
  summary: 'Encrypt under the current FORESHIFT_SECRET what rests under a former one.',
  options: [REASON],
  notes: ['Before it every process has the former ones in FORESHIFT_FORMER_SECRETS.'],
  answer: z.object({ resealed: z.number() }),
  run: async (context, _args, options) => {
    const api = await context.api();
    const body = actorOf(context, options);
    const done = await api.post<{ resealed: number }>('/v1/credentials/reseal', body);
    context.show(
      done,
      () => `${counted(done.resealed, 'credential')} sealed under the current secret`,
    );
  },
};

export const credentialVerb: Verb = {
  usage: 'credential',
  summary: 'Keep the secrets by which clients and redirectors log on.',
  verbs: [setVerb, removeVerb, listVerb, resealVerb],
};

function kindOf(options: VerbOptions): CredentialKind {
  return choiceOption(options, 'kind', CREDENTIAL_KINDS) ?? 'chap';
}

function tableOf(kept: readonly Credential[]): string {
  return textTable(
    [{ title: 'USER' }, { title: 'KIND' }, { title: 'CHANGED' }, { title: 'KEY' }],
    kept.map(({ user, kind, changedAtMs, keyId }) => [
      user,
      kind,
      changedAtMs === null ? 'damaged' : new Date(changedAtMs).toISOString(),
      keyId ?? '-',
    ]),
  );
}
