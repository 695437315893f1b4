import { Agent, request } from 'node:http';

/*
 * Clients as a process: `clients URL TIMEOUT_MS`. Half of them keep their connections, half open one for each request. Each
 * request is a line of JSON on standard output when it is over.
 */

export interface Request {
  /** Of the system's monotonic clock, which all processes share. */
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** 200, another status, or the code of the error. */
  readonly result: string;
}

const WORKERS = 6;
const THINK_MS = 15;

function nowMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

function ask(url: string, agent: Agent, timeoutMs: number): Promise<Request> {
  const beganAtMs = nowMs();
  return new Promise((resolve) => {
    const over = (result: string): void => {
      resolve({ beganAtMs, endedAtMs: nowMs(), result });
    };
    const signal = AbortSignal.timeout(timeoutMs);
    const asked = request(url, { agent, signal }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        over(String(answer.statusCode));
      });
      answer.once('error', (error: NodeJS.ErrnoException) => {
        over(error.code ?? error.name);
      });
    });
    asked.once('error', (error: NodeJS.ErrnoException) => {
      over(error.code ?? error.name);
    });
    asked.end();
  });
}

async function work(url: string, keepAlive: boolean, timeoutMs: number): Promise<void> {
  const agent = new Agent({ keepAlive, maxSockets: 1 });
  for (;;) {
    const told = await ask(url, agent, timeoutMs);
    process.stdout.write(`${JSON.stringify(told)}\n`);
    await new Promise((resolve) => setTimeout(resolve, THINK_MS));
  }
}

const [url, timeoutMs] = process.argv.slice(2);
if (url !== undefined) {
  for (let worker = 0; worker < WORKERS; worker++) {
    void work(url, worker % 2 === 0, Number(timeoutMs));
  }
}
