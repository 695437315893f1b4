import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import { problemOf } from '../problem.js';
import type { JobsPage } from './page.js';
import { JOBS_PATH } from './page.js';

/** A queue of BullMQ, as the board reads it. */
export type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0];

/**
 * As everywhere, besides what the board is built with: its page names its own base, and its parts are styled where they
 * stand. Nothing comes from elsewhere.
 */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/** Links to other hosts in the board's own page: its fonts. It looks well without. */
const FOREIGN_LINK = /<link\b[^>]*\bhref="https?:[^>]*>/g;

/** What the board asks of a server, less everything that is not a question: routes that would change jobs do not exist. */
class ReadingAdapter extends FastifyAdapter {
  override setApiRoutes(routes: Parameters<FastifyAdapter['setApiRoutes']>[0]): FastifyAdapter {
    const isReading = (method: string | readonly string[]): boolean =>
      [method].flat().every((name) => name === 'get');
    return super.setApiRoutes(routes.filter(({ method }) => isReading(method)));
  }

  /** In our words: the board's own would tell those of any error. */
  override setErrorHandler(): this {
    return super.setErrorHandler((error) => {
      const { status, detail } = problemOf(error);
      return { status: status === 404 ? 404 : 500, body: { error: detail } };
    });
  }
}

/** Bull Board over these queues, to look at. */
export function jobsBoard(queues: readonly BoardQueue[]): JobsPage {
  const adapter = new ReadingAdapter().setBasePath(JOBS_PATH);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Foreshift jobs',
        hideDocsLink: true,
        // Else each look asks Redis for the list of all its clients.
        showWorkers: false,
      },
    },
  });
  const board = adapter.registerPlugin();
  return (app: FastifyInstance, options, done) => {
    app.addHook('onRequest', (_request, reply, next) => {
      void reply.header('content-security-policy', POLICY);
      next();
    });
    app.addHook('onSend', (_request, reply, payload, next) => {
      const isPage =
        typeof payload === 'string' &&
        String(reply.getHeader('content-type')).startsWith('text/html');
      next(null, isPage ? payload.replaceAll(FOREIGN_LINK, '') : payload);
    });
    board(app, options, done);
  };
}
