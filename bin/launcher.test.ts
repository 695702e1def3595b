/**
 * The launcher, run as a user runs it: by Node, on a fresh clone, with signals and on a terminal.
 */
import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled } from './dependencies.mjs';
import { platformPackages } from './runtime.mjs';

const folder = mkdtempSync(join(tmpdir(), 'meridian-launcher-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('installed dependencies', () => {
  const wanted = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/tool': { version: '2.0.0', dev: true },
      'node_modules/elsewhere': { version: '3.0.0', optional: true },
    },
  };
  const a = wanted.packages['node_modules/a'];
  const tool = wanted.packages['node_modules/tool'];

  test('are complete without packages for other platforms', () => {
    const installed = { packages: { 'node_modules/a': a, 'node_modules/tool': tool } };
    expect(isInstalled(wanted, installed, { dev: true })).toBe(true);
  });

  test('are complete without tools where only the product runs', () => {
    const installed = { packages: { 'node_modules/a': a } };
    expect(isInstalled(wanted, installed, { dev: false })).toBe(true);
    expect(isInstalled(wanted, installed, { dev: true })).toBe(false);
  });

  test('are installed again when one is missing, older, or made of other bytes', () => {
    const others = [
      {},
      { version: '0.9.0', integrity: 'sha512-a' },
      { version: '1.0.0', integrity: 'sha512-b' },
    ];
    for (const other of others) {
      const installed = { packages: { 'node_modules/a': other } };
      expect(isInstalled(wanted, installed, { dev: false })).toBe(false);
    }
    expect(isInstalled(wanted, { packages: {} }, { dev: false })).toBe(false);
  });
});

test('every platform that Bun is published for has its package', async () => {
  const { default: bun } = await import('bun/package.json', { with: { type: 'json' } });
  const ours = [
    ...platformPackages('linux', 'x64', false),
    ...platformPackages('linux', 'arm64', false),
    ...platformPackages('linux', 'x64', true),
    ...platformPackages('linux', 'arm64', true),
    ...['android', 'darwin', 'freebsd', 'win32'].flatMap((platform) => [
      ...platformPackages(platform, 'x64', false),
      ...platformPackages(platform, 'arm64', false),
    ]),
  ];
  expect(ours.sort()).toEqual(Object.keys(bun.optionalDependencies).sort());
  expect(platformPackages('linux', 'riscv64', false)).toEqual([]);
});

describe('the program', () => {
  test('gets its arguments as they were, and its exit code is passed on', async () => {
    const launched = launch(`console.log(JSON.stringify(process.argv.slice(2))); process.exit(7);`, [
      'a b',
      '--c=*',
    ]);
    expect(await launched.stdout).toBe('["a b","--c=*"]\n');
    expect(await launched.exited).toBe(7);
  });

  test('that dies of a signal gives 128 + its number', async () => {
    expect(await launch(`process.kill(process.pid, 'SIGKILL');`).exited).toBe(128 + 9);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is told of a %s, and may end in its own time',
    async (signal) => {
      const launched = launch(countingSignals);
      await launched.ready;
      launched.kill(signal);
      expect(await launched.exited).toBe(5);
      expect(await launched.stdout).toBe(`ready\n${signal}\n`);
    },
  );

  test('hears Ctrl-C on a terminal once, not a second time from the launcher', async () => {
    let screen = '';
    const ready = Promise.withResolvers<void>();
    const launched = Bun.spawn(['node', ...launcherArgs(countingSignals)], {
      terminal: {
        data(_terminal, bytes) {
          screen += new TextDecoder().decode(bytes);
          if (screen.includes('ready')) ready.resolve();
        },
      },
    });
    await ready.promise;
    launched.terminal?.write('\x03');
    expect(await launched.exited).toBe(5);
    expect(screen.match(/SIGINT/g)).toHaveLength(1);
  });
});

/** Says which signals it hears, and takes half a second to end after the first, as a server that drains. */
const countingSignals = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {
    console.log(signal);
    setTimeout(() => process.exit(5), 500);
  });
  setInterval(() => {}, 1000);
  console.log('ready');
`;

/** Node's arguments that run `program` by way of `become`, the launcher's last step. */
function launcherArgs(program: string, args: readonly string[] = []): string[] {
  const name = `${Bun.hash(program)}`;
  const [programFile, launcherFile] = [join(folder, `${name}.cjs`), join(folder, `${name}.mjs`)];
  writeFileSync(programFile, program);
  writeFileSync(
    launcherFile,
    `import { become } from ${JSON.stringify(join(import.meta.dir, 'become.mjs'))};
     await become(process.execPath, [${JSON.stringify(programFile)}, ...process.argv.slice(2)], { env: process.env });`,
  );
  return [launcherFile, ...args];
}

function launch(program: string, args: readonly string[] = []) {
  const launched = Bun.spawn(['node', ...launcherArgs(program, args)], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  const [first, rest] = launched.stdout.tee();
  return {
    ready: first.getReader().read(),
    stdout: new Response(rest).text(),
    exited: launched.exited,
    kill: (signal: NodeJS.Signals) => launched.kill(signal),
  };
}
