/**
 * One binary with everything in it: the same commands, config files in TypeScript, worker threads, child processes.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, freePort, type Registry, startRegistry, temporary } from '../support/index.ts';
import { compiled } from './binary.ts';
import { ran } from './ran.ts';

const folder = temporary('compiled');
const cwd = folder.path;
let binary: string;
let registry: Registry;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('left-pad', '1.3.0');
  binary = await compiled(cwd);
});

afterAll(async () => {
  await registry?.off();
  folder[Symbol.dispose]();
});

test('says its version', async () => {
  const { stdout } = await ran([binary, 'version']);
  expect(stdout).toStartWith('meridian ');
});

test('runs a network from a config file of its folder, reloads it, and drains', async () => {
  const [origin, pop, admin] = [await freePort(), await freePort(), await freePort()];
  writeConfig({ origin, pop, admin });
  const up = Bun.spawn([binary, 'up'], { cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
  try {
    // The PoP may be there before the origin is. A packument is rewritten in a worker thread.
    await eventually('a packument', () => answers(`http://127.0.0.1:${pop}/left-pad`));
    const packument = await fetch(`http://127.0.0.1:${pop}/left-pad`);
    expect(await packument.json()).toMatchObject({ name: 'left-pad', 'dist-tags': { latest: '1.3.0' } });
    await hasConsole(`http://127.0.0.1:${admin}`);
    const { stdout } = await ran([binary, 'reload'], { cwd });
    expect(stdout).toContain('pop: the new config is in force');
    up.kill('SIGTERM');
    expect(await up.exited).toBe(0);
  } finally {
    up.kill('SIGKILL');
  }
});

test('names every mistake of a config file', async () => {
  writeFileSync(join(cwd, 'meridian.config.ts'), 'export default { nodes: {}, routes: [] };');
  expect(ran([binary, 'check'], { cwd })).rejects.toThrow('a list of at least one route');
});

/** The page, its script and its style sheet, as they were bundled into the binary. */
async function hasConsole(url: string): Promise<void> {
  const page = await fetch(`${url}/console/`);
  const files = (await page.text()).match(/\/console\/[\w.-]+\.(?:js|css)/g) ?? [];
  expect(files).toHaveLength(2);
  for (const file of files) {
    const answer = await fetch(url + file);
    expect(answer.status).toBe(200);
    expect((await answer.text()).length).toBeGreaterThan(10_000);
  }
  expect((await fetch(`${url}/.meridian/v1/whoami`)).status).toBe(401);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // nobody listens there yet
  }
}

function writeConfig(ports: { readonly origin: number; readonly pop: number; readonly admin: number }): void {
  const text = `
    import { defineNetwork, npm } from 'meridian';
    export default defineNetwork({
      nodes: {
        origin: { role: 'origin', listen: [{ port: ${ports.origin} }], admin: { port: ${ports.admin} } },
        pop: { role: 'pop', listen: [{ port: ${ports.pop} }], parents: ['origin'] },
      },
      routes: [npm({ upstreams: [{ url: '${registry.url}' }] })],
    });`;
  writeFileSync(join(cwd, 'meridian.config.ts'), text);
}
