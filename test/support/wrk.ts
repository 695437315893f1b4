import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `wrk` counted. */
export interface WrkReport {
  /** Answered, whatever was answered. */
  readonly requests: number;
  readonly non2xx: number;
  readonly connect: number;
  readonly read: number;
  readonly write: number;
  readonly timeout: number;
}

/** GETs and POSTs in turn, over all resources; every request has a name of its own (`x-id`). */
const SCRIPT = `
local threads = 0
function setup(thread)
  thread:set("thread_name", "wrk-" .. run .. "-" .. threads)
  threads = threads + 1
end
local number = 0
function request()
  number = number + 1
  local path = "/" .. resources[number % #resources + 1] .. "/x"
  local headers = { ["x-id"] = thread_name .. "-" .. number }
  if number % 2 == 0 then return wrk.format("GET", path, headers) end
  return wrk.format("POST", path, headers, "hello")
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"requests":%d,"non2xx":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\\n',
    summary.requests, errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
`;

export interface WrkOptions {
  readonly port: number;
  readonly resources: readonly string[];
  readonly seconds: number;
  readonly connections: number;
  /** Where its script is written. */
  readonly folder: string;
}

let run = 0;

/** The load generator against a listener on loopback, for so long. @throws if it cannot run */
export async function wrk(options: WrkOptions): Promise<WrkReport> {
  const { port, resources, seconds, connections, folder } = options;
  const script = join(folder, 'wrk.lua');
  const names = resources.map((name) => JSON.stringify(name)).join(', ');
  run += 1;
  await writeFile(script, `local run = ${run}\nlocal resources = { ${names} }\n${SCRIPT}`);
  const args = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '-s', script];
  return new Promise((resolve, reject) => {
    execFile('wrk', [...args, `http://127.0.0.1:${port}/`], (error, stdout, stderr) => {
      const line = /^\{.*\}$/m.exec(stdout)?.[0];
      if (line === undefined) reject(new Error(`wrk: ${stdout} ${stderr}`, { cause: error }));
      else resolve(JSON.parse(line) as WrkReport);
    });
  });
}
