/**
 * The commands about access, against a running network: by the origin on this machine, and by a PoP with a token.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import { bearer } from '../support/access.ts';
import {
  eventually,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

let upstream: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await startUpstream(({ target }) => ({ body: `body of ${target}` }));
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [web({ name: 'docs', access: 'closed', upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

async function meridian(...words: string[]) {
  const ran = await runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
  return { ...ran, out: ran.stdout.trim() };
}
async function done(...words: string[]): Promise<string> {
  const { code, out, stderr } = await meridian(...words);
  if (code !== 0) throw new Error(`${words.join(' ')}: ${code} ${stderr}`);
  return out;
}
const status = async (token: string) =>
  (await fetch(`${network.url('pop')}/a`, { headers: bearer(token) })).status;

test('a user gets a token, a team, a right, and loses it', async () => {
  await done('user', 'add', 'alice', '--email', 'alice@example.com');
  await done('team', 'add', 'core');
  await done('team', 'join', 'core', 'alice');
  const token = await done(
    'token',
    'create',
    '--owner',
    'user:alice',
    '--label',
    'laptop',
    '--expires',
    '90d',
  );
  expect(token).toMatch(/^mrd_[0-9A-Za-z]{38}$/);
  expect(await status(token)).toBe(403);
  const granted = await done('grant', 'add', 'team:core', '--action', 'read', '--route', 'docs', '--json');
  await eventually('the right to be known', async () => (await status(token)) === 200);
  const [listed] = JSON.parse(await done('token', 'list', '--owner', 'user:alice', '--json'));
  expect(listed).toMatchObject({ label: 'laptop', owner: 'user:alice' });
  expect(await done('token', 'list')).toContain('laptop');
  await done('grant', 'remove', JSON.parse(granted).id);
  await eventually('the right to be gone', async () => (await status(token)) === 403);
  await done('user', 'disable', 'alice');
  await eventually('her to be nobody', async () => (await status(token)) === 401);
  expect(await done('token', 'revoke', listed.id)).toContain('every node');
  expect(await done('user', 'list')).toContain('disabled');
  expect(await done('team', 'list')).toContain('alice');
});

test('a PoP can be asked instead, with a token that may administer', async () => {
  await done('user', 'add', 'root');
  await done('grant', 'add', 'user:root', '--action', 'admin');
  const token = await done('token', 'create', '--owner', 'user:root');
  const by = ['--url', network.url('pop'), '--token', token];
  expect(await done('user', 'list', ...by)).toContain('root');
  const { code, stderr } = await meridian(
    'user',
    'list',
    '--url',
    network.url('pop'),
    '--token',
    'mrd_nonsense',
  );
  expect([code, stderr]).toEqual([1, expect.stringContaining('check sum is wrong')]);
});

test('the first administrator has a token, which the origin shows when it is started for the first time', async () => {
  const said = /first administrator, shown this once: (mrd_\w{38})/.exec(
    network.node('origin').process.output(),
  );
  const token = said?.[1] ?? '';
  const by = ['--url', network.url('pop'), '--token', token];
  expect(await done('grant', 'list', '--json', ...by)).toContain('user:admin');
  await network.node('origin').stop();
  await network.node('origin').restart();
  expect(network.node('origin').process.output()).not.toContain('mrd_');
});

test('the audit log has all of it', async () => {
  const lines = (await done('audit', '--json')).split('\n').map((line) => JSON.parse(line));
  expect(lines.map(({ what }) => what)).toEqual(
    expect.arrayContaining([
      'user.add',
      'team.add',
      'team.add-member',
      'token.create',
      'grant.add',
      'token.revoke',
    ]),
  );
  await eventually(
    'the denials',
    async () => (await done('audit', '--what', 'denied.')).includes('user:alice'),
    {
      withinMs: 20_000,
      everyMs: 1_000,
    },
  );
});

test('what makes no sense is said', async () => {
  for (const [words, said] of [
    [['token', 'create'], 'Whose token?'],
    [['token', 'create', '--owner', 'user:alice', '--expires', 'soon'], '--expires takes a time'],
    [['token', 'create', '--owner', 'user:mallory'], 'there is no user mallory'],
    [['grant', 'add', 'team:core'], 'What may be done?'],
    [['user', 'add', 'Not A Name'], 'name: expected up to 64 of a-z'],
    [['grant', 'add', 'alice', '--action', 'read'], 'to: expected everyone, users, user:<name>'],
    [['token', 'create', '--owner', 'alice'], 'owner: expected user:<name> or machine:<name>'],
    [['token', 'revoke', 'nothing'], 'there is no token nothing'],
  ] as const) {
    const { code, stderr } = await meridian(...words);
    expect(code).not.toBe(0);
    expect(stderr).toContain(said);
  }
});
