/** Models with `huggingface_hub`, where the machine's pip can install it: from a Hub and from here, through a PoP, a shield and an origin. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { huggingface } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { type Hub, startHub } from '../support/hub.ts';
import { startNetwork, type TestNetwork, temporary } from '../support/index.ts';

const folder = temporary('huggingface-python');
const library = join(folder.path, 'library');
const weights = new Uint8Array(2_000_000).map((_, at) => (at * 7) % 251);
const problem = await install();
if (problem !== null) console.warn(`skipped, for want of huggingface_hub: ${problem}`);
let hub: Hub;
let network: TestNetwork;
let token: string;

/** From the local folder that the machine's pip is set to; `null`: it is there. */
async function install(): Promise<string | null> {
  if (Bun.which('python3') === null) return 'python3 is not installed';
  const set = await run(['python3', '-m', 'pip', 'config', 'get', 'global.extra-index-url'], {});
  const [index = ''] = set.out.trim().split(/\s+/);
  if (!index.startsWith('file:')) return 'pip is set to no local index';
  const args = ['install', '-q', '--target', library, '--index-url', index, 'huggingface_hub<2'];
  const done = await run(['python3', '-m', 'pip', ...args], { PIP_CONFIG_FILE: '/dev/null' });
  return done.status === 0 ? null : `pip says ${done.err.slice(-200)}`;
}

async function run(command: string[], env: Record<string, string>) {
  const child = Bun.spawn(command, {
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder.path,
      ...(env.PIP_CONFIG_FILE ? {} : machineHome()),
      ...env,
    },
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { status: await child.exited, out, err };
}

/** Where the settings of the machine's pip are. */
function machineHome(): Record<string, string> {
  return { HOME: process.env.HOME ?? folder.path };
}

describe.skipIf(problem !== null)('huggingface_hub', () => {
  beforeAll(async () => {
    hub = await startHub();
    const files = { 'config.json': Buffer.from('{"model_type":"tiny"}'), 'sub/model.safetensors': weights };
    hub.repos.set('models/acme/tiny', { commits: [{ id: 'a'.repeat(40), files }] });
    hub.repos.set('models/acme/gated', { commits: [{ id: 'a'.repeat(40), files }], gated: true });
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin', store: {} },
        shield: { role: 'shield', parents: ['origin'] },
        near: { role: 'pop', parents: ['shield'] },
      },
      routes: [
        huggingface({ upstreams: [{ url: hub.url }], hosted: { names: ['open/*'], public: ['open/*'] } }),
      ],
    });
    const actions = ['read', 'publish', 'delete'] as const;
    const right = { actions, routes: ['huggingface'], subjects: ['open/*'] };
    ({ token } = await tokenFor(network.node('origin'), 'alice', [right]));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await hub?.off();
    folder[Symbol.dispose]();
  });

  async function python(script: string, env: Record<string, string> = {}): Promise<string> {
    const done = await run(['python3', '-c', `${script}\n`], {
      ...{ PYTHONPATH: library, PIP_CONFIG_FILE: '/dev/null', HF_ENDPOINT: `${network.url('near')}/hf` },
      ...{
        HF_HOME: join(folder.path, crypto.randomUUID()),
        HF_HUB_DISABLE_PROGRESS_BARS: '1',
        HF_HUB_DISABLE_XET: '1',
        ...env,
      },
    });
    if (done.status !== 0) throw new Error(done.err.slice(-2_000));
    return done.out.trim();
  }

  const download = `
import os
from huggingface_hub import snapshot_download, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError
folder = snapshot_download("acme/tiny")
print(os.path.getsize(os.path.join(folder, "sub/model.safetensors")), os.path.basename(folder)[:3])
for repo, file, error in [("acme/tiny", "none", EntryNotFoundError), ("acme/none", "x", RepositoryNotFoundError), ("acme/gated", "config.json", GatedRepoError)]:
    try:
        hf_hub_download(repo, file)
        print("no error")
    except error:
        print(error.__name__)
`;

  test('downloads all of a model, cold, warm, and with the Hub away', async () => {
    const said = ['2000000 aaa', 'EntryNotFoundError', 'RepositoryNotFoundError', 'GatedRepoError'];
    expect((await python(download)).split('\n')).toEqual(said);
    hub.forget();
    expect((await python(download)).split('\n').slice(0, 2)).toEqual(said.slice(0, 2));
    expect(hub.cdn.count()).toBe(0);
    await hub.off();
    expect((await python(download.slice(0, download.indexOf('for repo')))).split('\n')).toEqual(
      said.slice(0, 1),
    );
    await hub.on();
  }, 60_000);

  test('uploads files, small and large, and downloads them again', async () => {
    const script = `
import os
from huggingface_hub import HfApi, snapshot_download
api = HfApi()
print(api.whoami()["name"])
api.create_repo("open/tiny", exist_ok=True)
api.create_repo("open/tiny", exist_ok=True)
os.makedirs("${folder.path}/up/sub", exist_ok=True)
open("${folder.path}/up/config.json", "w").write("{}")
open("${folder.path}/up/sub/model.bin", "wb").write(bytes(3_000_000))
for path in ["config.json", "sub/model.bin"]:
    api.upload_file(repo_id="open/tiny", path_in_repo=path, path_or_fileobj="${folder.path}/up/" + path)
folder = snapshot_download("open/tiny", token=False)
print(sorted(api.list_repo_files("open/tiny")), os.path.getsize(os.path.join(folder, "sub/model.bin")))
api.delete_file("config.json", "open/tiny")
print(api.list_repo_files("open/tiny"))
`;
    expect((await python(script, { HF_TOKEN: token })).split('\n')).toEqual([
      ...['alice', "['config.json', 'sub/model.bin'] 3000000", "['sub/model.bin']"],
    ]);
  }, 60_000);
});
