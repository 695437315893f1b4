import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/*
 * The socket on which systemd listens to its services. Node has no datagrams of the file system, so python receives;
 * it closes what comes with a message, as systemd does: whoever sent it waits for that.
 */

const RECEIVER = `
import array, json, os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print(json.dumps("listening"), flush=True)
while True:
    text, ancillary, _, _ = listener.recvmsg(4096, 4096)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds = array.array("i")
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
            for fd in fds:
                os.close(fd) if sys.argv[2] == "confirms" else None
    print(json.dumps(text.decode()), flush=True)
`;

export class NotifySocket {
  readonly path: string;
  /** Messages as they came, their lines. */
  readonly heard: (readonly string[])[] = [];
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, path: string, child: ChildProcess) {
    this.#folder = folder;
    this.path = path;
    this.#child = child;
  }

  /** @param confirms whether a sender that waits for it is told that its message was read */
  static async open(confirms = true): Promise<NotifySocket> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-notify-'));
    const path = join(folder, 'socket');
    const args = ['-c', RECEIVER, path, confirms ? 'confirms' : 'is silent'];
    const child = spawn('python3', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const opened = new NotifySocket(folder, path, child);
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => {
        reject(new Error('the receiver ended'));
      });
      createInterface(child.stdout).on('line', (line) => {
        const text = JSON.parse(line) as string;
        if (text === 'listening') resolve();
        else opened.heard.push(text.split('\n').filter((part) => part !== ''));
      });
    });
    return opened;
  }

  /** The messages with this assignment. */
  withLine(line: string): (readonly string[])[] {
    return this.heard.filter((lines) => lines.includes(line));
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
