/**
 * Logging in by clients of containers, and what they can have then: skopeo, podman and buildah with a password and with a token, and
 * docker's own command line.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Right } from '../../src/identity.ts';
import { oci } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import type { Daemon } from '../support/daemon.ts';
import { dockerRegistryProblem, startDockerRegistry } from '../support/docker-registry.ts';
import { writeImage } from '../support/image.ts';
import { startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const clients = ['skopeo', 'podman', 'buildah'] as const;
type Client = (typeof clients)[number];
const missing = clients.find((client) => Bun.which(client) === null);
const problem = dockerRegistryProblem ?? (missing === undefined ? null : `${missing} is not installed`);
const password = 'correct horse battery';
const folder = temporary('oci-login');
const reading = (subject: string): Right => ({ actions: ['read'], routes: ['*'], subjects: [subject] });

describe.skipIf(!available('docker-registry, skopeo, podman and buildah', problem))(
  'a closed registry',
  () => {
    let upstream: Daemon;
    let network: TestNetwork;
    let token: string;

    beforeAll(async () => {
      upstream = await startDockerRegistry();
      writeImage(join(folder.path, 'app'), 'v1');
      for (const name of ['team/app', 'free/app', 'secret/app'])
        await toolSucceeds(
          [
            ...['skopeo', 'copy', '--dest-tls-verify=false', `oci:${join(folder.path, 'app')}:v1`],
            `docker://127.0.0.1:${upstream.port}/${name}:v1`,
          ],
          folder.path,
        );
      const sources = [{ name: 'hub.example', url: `http://127.0.0.1:${upstream.port}` }];
      network = await startNetwork({
        nodes: {
          origin: { role: 'origin' },
          shield: { role: 'shield', parents: ['origin'] },
          pop: { role: 'pop', parents: ['shield'] },
        },
        routes: [oci({ access: 'closed', sources, mirrors: 'hub.example' })],
      });
      const origin = network.node('origin');
      await origin.api('POST', '/users', { name: 'alice', password });
      await origin.api('POST', '/grants', { ...reading('hub.example/free/*'), to: 'everyone' });
      ({ token } = await tokenFor(origin, 'alice', [reading('hub.example/team/*')]));
    }, 60_000);

    afterAll(async () => {
      await network?.stop();
      await upstream?.[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    }, 30_000);

    const host = () => network.url('pop').slice('http://'.length);
    /** A home of its own, with nobody's credentials. */
    function home(): string {
      const path = join(folder.path, crypto.randomUUID());
      mkdirSync(path);
      return path;
    }
    const logIn = (client: Client, at: string, secret: string) =>
      runTool([client, 'login', '--tls-verify=false', '-u', 'alice', '-p', secret, host()], at);
    const inspect = (at: string, name: string, ...args: string[]) =>
      runTool(['skopeo', 'inspect', '--tls-verify=false', ...args, `docker://${host()}/${name}`], at);

    for (const client of clients) {
      test(`is open to ${client} with a password and with a token, and to who is logged out no more`, async () => {
        for (const secret of [password, token]) {
          const at = home();
          expect((await inspect(at, 'team/app:v1')).code).not.toBe(0);
          expect((await logIn(client, at, secret)).output).toContain('Login Succeeded');
          expect((await inspect(at, 'team/app:v1')).output).toContain('"Digest"');
          await toolSucceeds([client, 'logout', host()], at);
          expect((await inspect(at, 'team/app:v1')).code).not.toBe(0);
        }
      });

      test(`tells ${client} that a password is wrong`, async () => {
        const at = home();
        const refused = await logIn(client, at, 'wrong horse');
        expect(refused.code).not.toBe(0);
        expect(refused.output).toContain('invalid username/password');
      });
    }

    test('gives who is logged in what he may have, and says so of the rest', async () => {
      const at = home();
      await logIn('skopeo', at, token);
      const refused = await inspect(at, 'secret/app:v1');
      expect(refused.code).not.toBe(0);
      expect(refused.output).toContain('user:alice may not read hub.example/secret/app');
      const absent = await inspect(at, 'secret/none:v1');
      expect(absent.output.replaceAll('secret/none', 'secret/app').replace(/time="[^"]*"/g, '')).toBe(
        refused.output.replace(/time="[^"]*"/g, ''),
      );
    });

    test('gives everybody what is for everybody, by every client', async () => {
      const at = home();
      expect((await inspect(at, 'free/app:v1')).output).toContain('"Digest"');
      await toolSucceeds(
        [
          'skopeo',
          'copy',
          '--src-tls-verify=false',
          `docker://${host()}/free/app:v1`,
          `oci:${join(at, 'image')}:v1`,
        ],
        at,
      );
      const listed = await toolSucceeds(
        ['skopeo', 'list-tags', '--tls-verify=false', `docker://${host()}/free/app`],
        at,
      );
      expect(listed.output).toContain('"v1"');
    });

    test('takes credentials for one command', async () => {
      const at = home();
      expect((await inspect(at, 'team/app:v1', '--creds', `alice:${password}`)).output).toContain('"Digest"');
      expect((await inspect(at, 'team/app:v1', '--creds', `any:${token}`)).output).toContain('"Digest"');
      const refused = await inspect(at, 'free/app:v1', '--creds', 'alice:wrong horse');
      expect(refused.output).toContain('Wrong user name or password');
    });

    // No Debian package has the command alone. What it asks for is asked for in test/scenarios/container-tokens.test.ts, too.
    describe.skipIf(Bun.which('docker') === null)('docker', () => {
      const docker = (at: string, ...args: string[]) =>
        runTool(['docker', '--config', at, '-H', `unix://${join(at, 'none.sock')}`, ...args], at);

      test('logs in, and keeps a token instead of the password', async () => {
        const at = home();
        const ran = await docker(at, 'login', '-u', 'alice', '-p', password, host());
        expect(ran.output).toContain('Login Succeeded');
        const kept = readFileSync(join(at, 'config.json'), 'utf8');
        expect(kept).toContain('"identitytoken": "mrd_');
        expect(Buffer.from(/"auth": "([^"]*)"/.exec(kept)?.[1] ?? '', 'base64').toString()).not.toContain(
          password,
        );
      });

      test('hears that a password is wrong', async () => {
        const refused = await docker(home(), 'login', '-u', 'alice', '-p', 'wrong horse', host());
        expect(refused.code).not.toBe(0);
        expect(refused.output).toContain('Wrong user name or password');
      });
    });
  },
);
