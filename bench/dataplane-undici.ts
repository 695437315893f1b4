import type { RequestListener } from 'node:http';
import { Pool } from 'undici';

/** node:http before clients, undici's `dispatch` towards the server. */
export function byUndici(port: number): RequestListener {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 256 });
  return (incoming, response) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const hasBody =
      headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    const passed = { ...headers };
    delete passed.connection;
    delete passed['transfer-encoding'];
    pool.dispatch(
      { method, path, headers: passed, body: hasBody ? incoming : null },
      {
        onRequestStart: () => undefined,
        onResponseStart: (controller, status, fields) => {
          delete fields.connection;
          delete fields['keep-alive'];
          response.writeHead(status, fields);
          response.on('drain', () => {
            controller.resume();
          });
        },
        onResponseData: (controller, chunk) => {
          if (!response.write(chunk)) controller.pause();
        },
        onResponseEnd: () => response.end(),
        onResponseError: () => response.destroy(),
      },
    );
  };
}
