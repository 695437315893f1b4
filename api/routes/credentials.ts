import { z } from 'zod';
import {
  CREDENTIAL_KINDS,
  CREDENTIAL_KINDS_HELP,
  credentialSchema,
} from '../../core/credentials/credential-table.js';
import type { CredentialParts } from '../acts/credentials.js';
import { putCredential, removeCredential, resealCredentials } from '../acts/credentials.js';
import type { ApiRoute } from '../route.js';
import { route } from '../route.js';
import { actorShape } from './acts.js';

const nameShape = {
  kind: z.enum(CREDENTIAL_KINDS).describe(`What it is for: ${CREDENTIAL_KINDS_HELP}.`),
  user: z.string().max(400).describe('As the client, or we at a server, log on.'),
} as const;

/** Secrets go in and never out. */
export function credentialRoutes(parts: CredentialParts): ApiRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/v1/credentials',
        summary: 'Whose secrets are kept; never the secrets.',
        answer: z.array(credentialSchema),
      },
      () => parts.credentials.list(),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/credentials',
        summary: 'Keep a secret, encrypted; one that was there is replaced.',
        answer: credentialSchema,
        body: z.strictObject({
          ...actorShape,
          ...nameShape,
          secret: z.string().max(1024).describe('12 to 255 bytes. It is never told again.'),
        }),
      },
      ({ body: { kind, user, secret, ...actor } }) =>
        putCredential({ kind, user }, secret, actor, parts),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/credentials/remove',
        summary: 'Forget a secret: nobody logs on by it any more.',
        answer: z.null(),
        body: z.strictObject({ ...actorShape, ...nameShape }),
      },
      ({ body: { kind, user, ...actor } }) => removeCredential({ kind, user }, actor, parts),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/credentials/reseal',
        summary: 'Encrypt under the current secret of the cluster what rests under a former one.',
        answer: z.object({ resealed: z.number() }),
        body: z.strictObject(actorShape),
      },
      ({ body }) => resealCredentials(body, parts),
    ),
  ];
}
