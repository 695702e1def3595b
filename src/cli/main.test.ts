import { describe, expect, test } from 'bun:test';
import { readdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import packageFile from '../../package.json' with { type: 'json' };
import { temporary } from '../../test/support/temporary.ts';

/** Runs the command line in an empty folder. */
async function meridian(
  words: readonly string[],
  options: { files?: Record<string, string>; env?: Record<string, string>; input?: string } = {},
) {
  using folder = temporary('cli');
  for (const [name, text] of Object.entries(options.files ?? {}))
    await writeFile(join(folder.path, name), text);
  const child = Bun.spawn([process.execPath, '--no-env-file', join(import.meta.dir, 'main.ts'), ...words], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, LANG: 'de_DE.UTF-8', ...options.env },
    stdin: options.input === undefined ? 'ignore' : Buffer.from(options.input),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code, left: await readdir(folder.path) };
}

const config = `import { defineNetwork, env, npm } from 'meridian';
export default defineNetwork({
  secret: env('SECRET'),
  nodes: { origin: { role: 'origin', listen: [{ host: '::', port: 4870 }] } },
  routes: [npm({ upstreams: [{ url: 'https://packages.example', authorization: env('TOKEN') }] })],
});`;
const env = { SECRET: 'a secret that is long enough for this', TOKEN: 'Bearer hunter2' };

describe('help', () => {
  test('names every command and the exit codes', async () => {
    const { out, code } = await meridian(['--help']);
    expect(code).toBe(0);
    for (const name of ['up', 'serve', 'check', 'status', 'reload', 'purge', 'version', 'completion'])
      expect(out).toContain(`meridian ${name} `);
    expect(out).toContain(
      'Exit codes: 0 done, 1 failure, 2 wrong usage, 3 degraded (a node is down), 69 runtime missing.',
    );
  });

  test('of a command names its options', async () => {
    const { out, code } = await meridian(['up', '--help']);
    expect(code).toBe(0);
    for (const name of ['--config', '--data', '--host', '--port ', '--port-base', '--log-level'])
      expect(out).toContain(name);
  });

  test('completes commands', async () => {
    const { out } = await meridian(['--get-yargs-completions', 'meridian', 'sta']);
    expect(out).toContain('status');
    expect((await meridian(['completion'])).out).toContain('complete');
  });
});

describe('wrong usage', () => {
  test.each([
    [[], 'Which command?'],
    [['chek'], 'There is no command chek. Did you mean check?'],
    [['check', '--conifg', 'x'], 'Unknown argument: conifg. Did you mean --config?'],
    [['check', '--data', 'a', '--data', 'b'], '--data was given more than once'],
    [['check', 'this'], 'Unknown argument: this'],
    [['check', '--config'], 'Not enough arguments following: config'],
    [['serve'], 'Missing required argument: as'],
    [['serve', '--as', 'pop-c'], 'The network has no node pop-c. Did you mean pop-a?'],
    [['check', '--port', '80'], '--port takes node=port'],
    [['up', '--log-level', 'loud'], 'Invalid values'],
  ])('%p is exit code 2', async (words, message) => {
    const { code, err, out } = await meridian(words);
    expect(err).toContain(message);
    expect(err).toContain('See: meridian --help');
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});

test('a lone dash among words is standard input', async () => {
  const words = ['prefetch', '-', '--to', 'lhr', '--url', 'http://127.0.0.1:9', '--token', 'mrd_none'];
  const { err, code } = await meridian(words, { input: '/npm/react\n{ "no": "list" }\n' });
  expect([code, err]).toEqual([
    2,
    expect.stringContaining('standard input, line 2: { "no": "list" } is not'),
  ]);
});

describe('check', () => {
  test('finds a rule about versions that its ecosystem cannot read, and where it stands', async () => {
    const policy = "{ blocked: ['a/*', 'b@<1'], only: ['c@x'] }";
    const own = config.replace('npm({', `fileTree({ upstreams: [], policy: ${policy} }), npm({`);
    const files = { 'meridian.config.ts': own.replace('npm }', 'npm, fileTree }') };
    const { code, err } = await meridian(['check'], { files, env });
    expect(code).toBe(1);
    expect(err).toContain('2 mistakes');
    expect(err).toContain(
      "routes[0].files.policy.blocked[1]: expected a range of versions of Files behind the @, found 'b@<1'",
    );
    expect(err).toContain('routes[0].files.policy.only[0]');
    expect((await meridian(['up'], { files, env })).err).toContain('routes[0].files.policy.blocked[1]');
  });

  test('shows what the config comes to, without making anything', async () => {
    const { code, out, left } = await meridian(['check']);
    expect(code).toBe(0);
    expect(out).toContain('the embedded network: no mistakes');
    expect(out).toMatch(/^pop-a +pop +http:\/\/127\.0\.0\.1:4873 +shield, origin +1 +\//m);
    expect(out).toMatch(/^npm +npm +any host +\/npm +this machine's npm setting$/m);
    expect(out).toMatch(/^pypi +pypi +any host +\/pypi +https:\/\/pypi\.org\/simple$/m);
    expect(left).toEqual([]);
  });

  test('shows how many workers a node has, and that a number for each core is this machine’s', async () => {
    const files = {
      'meridian.config.ts': config.replace(
        'nodes: {',
        "nodes: { pop: { role: 'pop', listen: [{ port: 1 }], parents: ['origin'] }, two: { role: 'pop', listen: [{ port: 2 }], parents: ['origin'], workers: 2 },",
      ),
    };
    const { out } = await meridian(['check'], { files, env });
    const workers = `${availableParallelism()} (a core each, here)`;
    expect(out).toContain(`origin   ${workers}  /`);
    expect(out).toMatch(/^two .* 2 +\//m);
    expect(out).toMatch(/^origin .* 1 +\//m);
  });

  test('shows no credential', async () => {
    const { code, out } = await meridian(['check', '--json'], {
      files: { 'meridian.config.ts': config },
      env,
    });
    const { network } = JSON.parse(out);
    expect(code).toBe(0);
    expect(network.secret).toBe('…');
    expect(network.routes[0].npm.upstreams[0]).toEqual({
      url: 'https://packages.example',
      authorization: '…',
      scopes: [],
    });
    expect(out).not.toContain('hunter2');
  });

  test('says everything that is wrong, to people and to programs', async () => {
    const files = { 'meridian.config.ts': config.replace('role:', 'rolle:') };
    const toPeople = await meridian(['check'], { files });
    expect(toPeople.code).toBe(1);
    expect(toPeople.err).toContain(
      'meridian.config.ts: 4 mistakes\n  secret: expected the environment variable SECRET',
    );
    expect(toPeople.err).toContain('nodes.origin.rolle: expected one of role, listen');
    const toPrograms = await meridian(['check', '--json'], { files, env: { TOKEN: 'x' } });
    expect(toPrograms).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(toPrograms.out).mistakes).toHaveLength(3);
  });

  test('may look with the eyes of one node', async () => {
    const files = {
      'meridian.config.ts': config.replace(
        'nodes: {',
        "nodes: { pop: { role: 'pop', listen: [{ port: 1 }], parents: ['origin'] },",
      ),
    };
    expect((await meridian(['check', '--node', 'pop'], { files, env: { SECRET: env.SECRET } })).code).toBe(0);
    expect((await meridian(['check', '--node', 'origin'], { files, env: { SECRET: env.SECRET } })).code).toBe(
      1,
    );
  });
});

test('status says that nothing runs, with exit code 3', async () => {
  const { code, out, err, left } = await meridian(['status']);
  expect(code).toBe(3);
  expect(out).toContain('pop-a   pop     elsewhere  has never run here');
  expect(err).toContain('`meridian up` starts it');
  expect(left).toEqual([]);
  expect(JSON.parse((await meridian(['status', '--json'])).out)).toHaveLength(4);
});

test('reload of nothing is a failure', async () => {
  expect(await meridian(['reload'])).toMatchObject({
    code: 1,
    err: 'meridian: no node of this network runs on this machine\n',
  });
});

test('version', async () => {
  for (const words of [['version'], ['--version']]) {
    expect((await meridian(words)).out).toStartWith(`meridian ${packageFile.version} (bun ${Bun.version}, `);
  }
  expect(JSON.parse((await meridian(['version', '--json'])).out)).toMatchObject({
    meridian: packageFile.version,
    bun: Bun.version,
  });
});

test('reference prints the page', async () => {
  expect((await meridian(['reference'])).out).toStartWith('# Config reference\n');
});
