import type { FastifyPluginCallback } from 'fastify';
import { z } from 'zod';
import { fail } from '../../core/errors.js';
import type { Access } from './access.js';
import { shownBy } from './requests.js';

export const SESSION_PATH = '/v1/session';

const beginSchema = z.strictObject({ token: z.string().max(300) });

/** How a browser logs in with a token, asks who it is, and logs out. */
export function sessionRoutes(access: Access, isSecure: boolean): FastifyPluginCallback {
  return (app, _options, done) => {
    app.get(SESSION_PATH, (request) => {
      const { name, role } = access.identify(shownBy(request));
      return { name, role, hasLogin: access.hasLogin };
    });
    app.post(SESSION_PATH, (request, reply) => {
      const read = beginSchema.safeParse(request.body);
      if (!read.success) {
        return fail('ERR_REQUEST_INVALID', { where: 'body', why: 'not {"token": "…"}' });
      }
      const grant = access.grantOf(read.data.token);
      void reply.header('set-cookie', access.sessionCookie(grant, isSecure));
      const { name, role } = grant;
      return { name, role, hasLogin: access.hasLogin };
    });
    app.post(`${SESSION_PATH}/end`, (_request, reply) => {
      void reply.header('set-cookie', access.endCookie(isSecure));
      return {};
    });
    done();
  };
}
