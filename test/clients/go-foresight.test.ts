/** What is foreseen of the real go command, held against what it asks for: the ways in which modules are fetched. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { go } from '../../src/protocols/go/go.ts';
import { type Told, type Watched, watch } from '../support/foreseen.ts';
import { type GoProxy, startGoProxy } from '../support/go-proxy.ts';
import { temporary, within } from '../support/index.ts';
import { available } from '../support/needs.ts';

const folder = temporary('go-foresight');
let upstream: GoProxy;
let watched: Watched;

type Need = readonly [module: string, version: string, comment?: 'indirect'];

const short = (module: string) => module.split('/').at(-1) ?? '';

function goMod(module: string, since: string, needs: readonly Need[]): string {
  const lines = needs.map(
    ([name, version, comment]) => `\t${name} ${version}${comment === undefined ? '' : ' // indirect'}\n`,
  );
  return `module ${module}\n\ngo ${since}\n${lines.length === 0 ? '' : `\nrequire (\n${lines.join('')})\n`}`;
}

function source(module: string, imports: readonly string[]): string {
  const lines = imports.map((name) => `import ${short(name)}_ "${name}"\n`);
  const says = imports.map((name) => ` + ${short(name)}_.Say()`).join('');
  return `package ${short(module)}\n\n${lines.join('')}\nfunc Say() string { return "x"${says} }\n`;
}

const host = 'example.com';

interface More {
  /** What its go.mod says. */
  readonly since?: string;
  /** Required, and imported by nothing but tests. */
  readonly unused?: readonly string[];
}

async function add(
  name: string,
  version: string,
  needs: readonly Need[] = [],
  { since = '1.19', unused = [] }: More = {},
) {
  const module = `${host}/${name}`;
  const all = needs.map(([need, ...rest]): Need => [`${host}/${need}`, ...rest]);
  const imports = all.flatMap(([need, , comment]) =>
    comment === undefined && !unused.includes(short(need)) ? [need] : [],
  );
  await upstream.add(module, version, {
    'go.mod': goMod(module, since, all),
    'say.go': source(module, imports),
    'cmd/main.go': `package main\n\nimport "${module}"\n\nfunc main() { println(${short(module)}.Say()) }\n`,
  });
}

async function publishTree(): Promise<void> {
  for (const version of ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0']) await add('leaf', version);
  await add('checks', 'v1.0.0');
  for (let nth = 0; nth < 6; nth++)
    await add(`twig${nth}`, 'v1.0.0', [['leaf', nth % 2 === 0 ? 'v1.0.0' : 'v1.1.0']]);
  await add(
    'bough',
    'v1.4.0',
    [
      ['twig0', 'v1.0.0'],
      ['twig1', 'v1.0.0'],
      ['twig2', 'v1.0.0'],
      ['checks', 'v1.0.0'],
      ['leaf', 'v1.1.0', 'indirect'],
    ],
    { unused: ['checks'] },
  );
  await add(
    'oldie',
    'v1.0.0',
    [
      ['olddeep', 'v1.0.0'],
      ['twig3', 'v1.0.0'],
    ],
    { since: '1.15' },
  );
  await add('olddeep', 'v1.0.0', [['leaf', 'v1.2.0']], { since: '1.15' });
  const needs: readonly Need[] = [
    ['bough', 'v1.4.0'],
    ['oldie', 'v1.0.0'],
    ['twig4', 'v1.0.0'],
  ];
  const others: readonly Need[] = ['twig0', 'twig1', 'twig2', 'twig3', 'olddeep'].map((name) => [
    name,
    'v1.0.0',
    'indirect',
  ]);
  await add('tree', 'v1.0.0', [...needs, ...others, ['leaf', 'v1.2.0', 'indirect']]);
  await add('oldtree', 'v1.0.0', needs, { since: '1.15' });
}

const canRun = available('go', Bun.which('go') === null ? 'it is not installed' : null);

describe.skipIf(!canRun)('the go command', () => {
  beforeAll(async () => {
    upstream = await startGoProxy();
    await publishTree();
    watched = watch(go({ database: upstream.database.name }), upstream.url);
  });
  beforeEach(() => watched.begin());
  afterAll(async () => {
    await watched?.stop();
    await upstream?.off();
    // The go command makes what it unpacks read-only.
    Bun.spawnSync(['chmod', '-R', 'u+w', folder.path]);
    folder[Symbol.dispose]();
  });

  /** On a machine of its own. @returns what it has left in the folder that it was run in. */
  async function runs(args: readonly string[], files: Readonly<Record<string, string>> = {}) {
    const home = join(folder.path, Bun.randomUUIDv7());
    const cwd = join(home, 'project');
    mkdirSync(cwd, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
    const child = Bun.spawn(['go', ...args], {
      cwd,
      env: {
        ...{ PATH: process.env.PATH ?? '', HOME: home, GOPATH: join(home, 'go') },
        ...{ GOCACHE: join(folder.path, 'gocache'), GOPROXY: watched.url, GOSUMDB: upstream.database.key },
        ...{ GOTOOLCHAIN: 'local', GOVCS: '*:off', GOFLAGS: '' },
      },
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    });
    const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    const [code, stdout, stderr] = await within(60_000, `go ${args.join(' ')}`, all);
    if (code !== 0) throw new Error(`go ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    const left = async (name: string) =>
      Bun.file(join(cwd, name))
        .text()
        .catch(() => '');
    return { 'go.mod': await left('go.mod'), 'go.sum': await left('go.sum') };
  }

  function program(needs: string, since: string) {
    return {
      'go.mod': goMod('example.com/program', since, [[`${host}/${needs}`, 'v1.0.0']]),
      'main.go': `package main\n\nimport "${host}/${needs}"\n\nfunc main() { println(${needs}.Say()) }\n`,
    };
  }

  function isGood({ precision, recall }: Told, least: number): void {
    expect(precision).toBeGreaterThanOrEqual(0.8);
    expect(recall).toBeGreaterThanOrEqual(least);
  }

  test.each(['tree', 'oldtree'])(
    'installs a program by its name: %s',
    async (name) => {
      await runs(['install', `${host}/${name}/cmd@latest`]);
      isGood(watched.told, 0.5);
    },
    60_000,
  );

  test.each(['tree', 'oldtree'])(
    'adds a module to a new program: %s',
    async (name) => {
      await runs(['get', `${host}/${name}`], { 'go.mod': 'module example.com/program\n\ngo 1.19\n' });
      isGood(watched.told, 0.5);
    },
    60_000,
  );

  test.each([
    ['tree', '1.19'],
    ['oldtree', '1.15'],
  ])(
    'downloads, and builds, what go.mod says: %s %s',
    async (name, since) => {
      const first = program(name, since);
      const tidy = await runs(['mod', 'tidy'], first);
      isGood(watched.told, 0.4);
      for (const args of [
        ['mod', 'download'],
        ['build', '-o', '/dev/null', '.'],
      ]) {
        watched.begin();
        await runs(args, { ...first, ...tidy });
        isGood(watched.told, 0.4);
      }
    },
    60_000,
  );
});
