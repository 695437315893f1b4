import { z } from 'zod';
import { certificateSchema } from './listeners-section.js';
import { reloadable } from './reloadable.js';
import { addressTextSchema } from './units.js';

/* Where operators ask and decide. */

export const apiSchema = z.strictObject({
  listen: addressTextSchema
    .prefault('127.0.0.1:7700')
    .describe(
      'Where API and console listen. Beyond loopback only with a login and a certificate: `login: token` and `tls`.',
    ),
  login: z
    .enum(['none', 'token'])
    .default('none')
    .describe(
      'none: whoever is on this machine is an operator; token: everybody shows a token (`foreshift token NAME`).',
    ),
  revoked: reloadable(
    z
      .array(z.string().min(1).max(64))
      .max(1000)
      .default([])
      .describe('Names whose tokens and sessions are no longer taken.'),
  ),
  tls: certificateSchema
    .optional()
    .describe('Its certificate; another one in the files is taken up while it runs.'),
});
