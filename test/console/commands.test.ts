/** The commands that pages name are run as they stand there, and do what they say. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { npm, oci, web } from '../../src/index.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, visit } from '../support/console.ts';
import {
  freePorts,
  type Registry,
  runMeridian,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { pushArtifact } from '../support/push.ts';
import { eventually } from '../support/wait.ts';

let upstream: Upstream;
let registry: Registry;
let network: TestNetwork;
let chromium: OwnBrowser;
let admin: string;

const canRun = available('a browser', browserProblem);

beforeAll(async () => {
  if (!canRun) return;
  upstream = await startUpstream(() => ({ body: 'x', headers: { 'cache-control': 'max-age=600' } }));
  registry = await startRegistry();
  registry.publish('left-pad', '1.3.0');
  const port = await freePorts(1);
  admin = `http://127.0.0.1:${port}`;
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {}, admin: { port } },
      pop: { role: 'pop', parents: ['origin'] },
    },
    routes: [
      npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }], policy: { blocked: ['bad-news'] } }),
      oci({ hosted: { names: ['*'] } }),
      web({ name: 'docs', upstream: upstream.url }),
    ],
  });
  chromium = await launchBrowser();
}, 30_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await network?.stop();
  await registry?.off();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

/** Pages, each with how what it names begins. Those that a terminal goes on showing are asked to show it once. */
const pages = [
  ['', 'Network', ['top'], ['--once']],
  ['traffic?node=pop', 'Traffic', ['top --node pop'], ['--once']],
  ['nodes/pop', 'pop', ['top --node pop'], ['--once']],
  ['packages?text=left', 'Packages', ['packages left'], []],
  ['packages/npm/left-pad', 'left-pad', ['package left-pad'], []],
  ['packages/oci/acme%2Fapp', 'acme/app', ['package acme/app'], []],
  ['packages/oci/acme%2Fapp/versions/v1', 'acme/app:v1', ['package acme/app:v1'], []],
  ['cache/look-up?url=/guide', 'Cache', ['explain http'], []],
  ["cache/purge?by=tag&what=it's%20*", 'Cache', ["purge --tag it's *", 'purges'], []],
  ['cache/purge?by=group&route=docs&what=a%20b', 'Cache', ['purge --group docs a b', 'purges'], []],
  ['cache/prediction?node=pop', 'Cache', ['status --node pop'], []],
  ['cache/hot', 'Cache', ['hot'], []],
  ['cache/gone', 'Cache', ['evictions'], []],
  ['access/users', 'Access', ['user list'], []],
  ['access/teams', 'Access', ['team list'], []],
  ['access/tokens', 'Access', ['token list'], []],
  ['access/grants', 'Access', ['grant list'], []],
  ['access/audit', 'Access', ['audit'], []],
  ['policy', 'Policy', ['policy list', 'audit --what denied.'], []],
] as const;

test.skipIf(!canRun)(
  'each page names its commands, and each of them works',
  async () => {
    await fetch(`${network.url('pop')}/npm/left-pad`);
    await fetch(`${network.url('pop')}/guide`);
    const token = await administrator(network);
    const image = { layers: [['application/vnd.oci.image.layer.v1.tar', 'a layer']] } as const;
    await pushArtifact(network.url('pop'), token, 'acme/app', 'v1', image);
    await using visitor = await visit(chromium.browser, admin, token);
    for (const [path, heading, beginnings, more] of pages) {
      await visitor.open(path, heading);
      await visitor.page.waitForSelector('.cli code');
      await visitor.gone('.waiting');
      const named = async () => (await visitor.commands()).map((words) => words.join(' '));
      await eventually(`the commands of ${path}`, async () => {
        const all = await named();
        return beginnings.every((beginning) => all.some((each) => each.startsWith(beginning)));
      });
      const commands = await visitor.commands();
      for (const words of commands) {
        const { code, stderr } = await runMeridian([...words, ...more], { cwd: network.dir });
        expect([path, ...words, code, code === 0 ? '' : stderr]).toEqual([path, ...words, 0, '']);
      }
    }
    expect(visitor.complaints).toEqual([]);
  },
  180_000,
);
