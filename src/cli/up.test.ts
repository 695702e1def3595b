/**
 * `up`, `serve`, `status` and `reload` as real processes, around a node that is only a sketch of one: what is
 * tested here is how the processes live and die.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { access, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../test/support/ports.ts';
import { type Temporary, temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';

/** Takes the place of `src/node/start.ts`. */
const sketch = `
  export async function startNode(network, name) {
    const node = network.nodes[name];
    if (process.env.DOES_NOT_START === name) throw new Error('no, today not');
    let current = network;
    let requests = 0;
    const servers = node.listen.map(({ host, port }) => Bun.serve({ hostname: host, port, async fetch(request) {
      requests++;
      if (request.url.endsWith('/slow')) await Bun.sleep(600);
      if (request.url.endsWith('/slower')) await Bun.sleep(5000);
      if (request.url.endsWith('/die')) process.exit(9);
      return new Response(current.routes.map((route) => route.name + (route.npm?.upstreams[0]?.authorization ? ' with credentials' : '')).join());
    } }));
    const urls = node.listen.map(({ host, port }) => 'http://' + host + ':' + port);
    return {
      name, role: node.role, urls,
      status: () => ({ name, role: node.role, startedAtMs: 0, urls, requests, hits: 0, memory: { entries: 0, bytes: 0, limitBytes: 1 },
        disk: null, fills: 0, rssBytes: 1, parents: [], kv: [] }),
      async reload(next) {
        if (next.name === 'refused') throw new Error(name + ': not with me');
        current = next;
      },
      drain: () => Promise.all(servers.map((server) => server.stop())),
    };
  }
`;

let folder: Temporary;
let ports: { origin: number; a: number; b: number };
/** What a test has started, to be ended with it whatever happens. */
const started: Bun.Subprocess[] = [];

beforeAll(async () => {
  folder = temporary('up');
  ports = { origin: await freePort(), a: await freePort(), b: await freePort() };
  const start = JSON.stringify(join(import.meta.dir, '../node/start.ts'));
  await writeFile(join(folder.path, 'sketch.js'), sketch);
  await writeFile(
    join(folder.path, 'preload.js'),
    `Bun.plugin({ name: 'sketch', setup(build) {
      build.onLoad({ filter: /src.node.start\\.ts$/ }, async ({ path }) => {
        if (path !== ${start}) throw new Error(path);
        return { loader: 'js', contents: await Bun.file(${JSON.stringify(join(folder.path, 'sketch.js'))}).text() };
      });
    } });`,
  );
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode === null) child.kill('SIGKILL');
    await child.exited;
  }
});

afterAll(() => folder[Symbol.dispose]());

interface Config {
  readonly name?: string;
  readonly route?: string;
  readonly nodes?: readonly ('a' | 'b')[];
}

async function configure({ name = 'test', route = 'first', nodes = ['a', 'b'] }: Config = {}): Promise<void> {
  const pops = nodes.map(
    (node) => `${node}: { role: 'pop', listen: [{ port: ${ports[node]} }], parents: ['origin'], workers: 1 }`,
  );
  const text = `import { defineNetwork, env, npm } from 'meridian';
    export default defineNetwork({
      name: '${name}',
      nodes: { origin: { role: 'origin', listen: [{ port: ${ports.origin} }] }, ${pops.join(', ')} },
      routes: [npm({ name: '${route}', upstreams: [{ url: 'http://upstream.example', authorization: 'Bearer x' }] })],
    });`;
  await writeFile(join(folder.path, 'meridian.config.ts'), text);
}

function run(words: readonly string[], env: Record<string, string> = {}) {
  const command = [
    process.execPath,
    '--no-env-file',
    '--preload',
    join(folder.path, 'preload.js'),
    join(import.meta.dir, 'main.ts'),
    ...words,
  ];
  const child = Bun.spawn(command, {
    cwd: folder.path,
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  started.push(child);
  const said = { out: '', err: '' };
  const listen = async (stream: ReadableStream<Uint8Array>, to: 'out' | 'err') => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) said[to] += decoder.decode(chunk, { stream: true });
  };
  const heard = Promise.all([listen(child.stdout, 'out'), listen(child.stderr, 'err')]);
  return { child, said, ended: Promise.all([child.exited, heard]).then(([code]) => code) };
}

async function finish(words: readonly string[], env?: Record<string, string>) {
  const { said, ended } = run(words, env);
  return { code: await ended, ...said };
}

async function up() {
  const running = run(['up']);
  await eventually('the network is up', () => {
    if (running.child.exitCode !== null) throw new Error(running.said.err);
    return running.said.out.includes('npx meridian status');
  });
  return running;
}

const ask = async (port: number, path = '/') => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
const nodeFile = (name: string) => join(folder.path, '.meridian', name, 'node.json');
const pidOf = async (name: string): Promise<number> => JSON.parse(await readFile(nodeFile(name), 'utf8')).pid;
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

describe('up', () => {
  test('runs all nodes, says where they are and what to try, and stops them on SIGTERM', async () => {
    await configure();
    const { child, said, ended } = await up();
    expect(said.out).toContain(`a       pop     http://127.0.0.1:${ports.a}`);
    const commands = said.out.split('Try:\n')[1]!.trim().split('\n');
    expect(commands[0]).toBe(`npm install --registry http://127.0.0.1:${ports.a}/ lodash`);
    expect(commands[1]).toContain(`curl -sS -o /dev/null -D - http://127.0.0.1:${ports.a}/lodash`);
    const status = await finish(['status', '--json']);
    expect(status.code).toBe(0);
    expect(
      JSON.parse(status.out).map((node: { name: string; state: string }) => `${node.name} ${node.state}`),
    ).toEqual(['origin up', 'a up', 'b up']);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await Promise.all(['origin', 'a', 'b'].map((name) => exists(nodeFile(name))))).toEqual([
      false,
      false,
      false,
    ]);
    expect((await finish(['status'])).code).toBe(3);
  });

  test('gives upstream credentials to origins only', async () => {
    await configure();
    await up();
    expect(await ask(ports.origin)).toBe('first with credentials');
    expect(await ask(ports.a)).toBe('first');
  });

  test('starts a node again that has died, and status says so meanwhile', async () => {
    await configure();
    const { said } = await up();
    const before = await pidOf('b');
    await ask(ports.b, '/die').catch(() => 'the connection breaks, of course');
    await eventually('the node is back', async () => (await pidOf('b').catch(() => before)) !== before);
    await eventually('it serves', () => said.err.includes('serves again'));
    expect(await ask(ports.b)).toBe('first');
    expect(said.err).toContain('exit code 9');
  });

  test('lets requests under way finish', async () => {
    await configure();
    const { child, ended } = await up();
    const answer = ask(ports.a, '/slow');
    await eventually(
      'the request has arrived',
      async () => JSON.parse((await finish(['status', '--json', '--node', 'a'])).out)[0].requests === 1,
    );
    child.kill('SIGINT');
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    expect(await answer).toBe('first');
    expect(await ended).toBe(0);
  });

  test('stops at once on the second SIGINT', async () => {
    await configure();
    const { child, ended } = await up();
    const answer = ask(ports.a, '/slower').catch(() => 'broken');
    await eventually(
      'the request has arrived',
      async () => JSON.parse((await finish(['status', '--json', '--node', 'a'])).out)[0].requests === 1,
    );
    child.kill('SIGINT');
    // At the same moment it is the same one, which came twice.
    child.kill('SIGINT');
    await Bun.sleep(700);
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(await answer).toBe('broken');
  });

  test('that is killed leaves no node behind', async () => {
    await configure();
    const { child, ended } = await up();
    const pids = await Promise.all(['origin', 'a', 'b'].map(pidOf));
    child.kill('SIGKILL');
    await ended;
    await eventually('the nodes are gone', () => pids.every((pid) => !isAlive(pid)));
  });

  test('names the node, the port and the way out when a port is in use', async () => {
    await configure();
    const squatter = createServer().listen(ports.b, '127.0.0.1');
    try {
      const { code, err, out } = await finish(['up']);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toBe(
        `meridian: Port ${ports.b} of b (127.0.0.1) is in use. Choose another one: --port b=<port>, MERIDIAN_PORT_B=<port>, or --port-base <port> for all nodes.\n`,
      );
    } finally {
      squatter.close();
    }
  });

  test('does not run twice', async () => {
    await configure();
    await up();
    expect(await finish(['up'])).toMatchObject({
      code: 1,
      err: 'meridian: This network runs on this machine already: `meridian status` shows it.\n',
    });
  });

  test('ends with the reason when a node does not start', async () => {
    await configure();
    const { code, err } = await finish(['up'], { DOES_NOT_START: 'b' });
    expect(code).toBe(1);
    expect(err).toContain('meridian: b does not start: no, today not');
    expect(await exists(nodeFile('a'))).toBe(false);
  });
});

describe('reload', () => {
  test('brings the changed config into force', async () => {
    await configure();
    await up();
    await configure({ route: 'second' });
    expect(await finish(['reload'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('a: the new config is in force'),
    });
    expect(await ask(ports.a)).toBe('second');
  });

  test('with mistakes changes nothing and says all of them', async () => {
    await configure();
    await up();
    await configure({ route: 'Not A Name', name: 'Nor This' });
    const { code, err } = await finish(['reload']);
    expect(code).toBe(1);
    expect(err).toContain('2 mistakes\n  name: expected');
    expect(err).toContain('  routes[0].name: expected');
    expect(await ask(ports.a)).toBe('first');
  });

  test('that a node refuses says why', async () => {
    await configure();
    const { said } = await up();
    await configure({ name: 'refused', route: 'second' });
    const { code, err } = await finish(['reload', '--node', 'a']);
    expect({ code, err }).toEqual({ code: 1, err: 'a: not reloaded\n  a: not with me\n' });
    expect(await ask(ports.a)).toBe('first');
    await eventually('the node has logged it', () =>
      said.err.includes('the new config was refused; the old one stays in force'),
    );
  });

  test('by SIGHUP to up starts new nodes and stops those that are gone', async () => {
    await configure({ nodes: ['a'] });
    const { child } = await up();
    await configure({ nodes: ['b'], route: 'second' });
    child.kill('SIGHUP');
    await eventually('b is up', async () => (await ask(ports.b).catch(() => '')) === 'second');
    expect(await ask(ports.origin)).toBe('second with credentials');
    await expect(ask(ports.a)).rejects.toThrow();
  });

  test('by SIGHUP to a node is its own', async () => {
    await configure();
    await up();
    await configure({ route: 'second' });
    process.kill(await pidOf('a'), 'SIGHUP');
    await eventually('a has reloaded', async () => (await ask(ports.a)) === 'second');
    expect(await ask(ports.b)).toBe('first');
  });

  test('with mistakes does not keep a node down that dies', async () => {
    await configure();
    const { child, said } = await up();
    await configure({ name: 'Not A Name' });
    child.kill('SIGHUP');
    await eventually('it was refused', () => said.err.includes('was refused'));
    await ask(ports.a, '/die').catch(() => 'the connection breaks, of course');
    await eventually('the node is back', async () => (await ask(ports.a).catch(() => '')) === 'first');
    expect(said.err).toContain('starts with the last good one');
  });
});

describe('serve', () => {
  test('runs one node until it is told to stop', async () => {
    await configure();
    const { child, said, ended } = run(['serve', '--as', 'a']);
    await eventually('it serves', () => said.err.includes('"serving"'));
    expect(await ask(ports.a)).toBe('first');
    const status = await finish(['status', '--node', 'a', '--node', 'b']);
    expect(status.code).toBe(3);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await exists(nodeFile('a'))).toBe(false);
  });

  test('says which port is in use', async () => {
    await configure();
    const squatter = createServer().listen(ports.a, '127.0.0.1');
    try {
      expect(await finish(['serve', '--as', 'a'])).toMatchObject({
        code: 1,
        err: expect.stringContaining(`Port ${ports.a} of a (127.0.0.1) is in use.`),
      });
    } finally {
      squatter.close();
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // no such process: that is the question
  }
}
