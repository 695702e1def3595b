/** Who installs, by what he says of himself. */
import { memoise } from '../../../http/memo.ts';
import type { Platform } from './platform.ts';

/** How installers differ in what they ask for. `berry` is yarn from its second version on. */
export type Tool = 'npm' | 'pnpm' | 'yarn' | 'berry' | 'bun';

export interface Client {
  readonly tool: Tool;
  readonly platform: Platform;
  /** Of Node.js; empty where it is not said. */
  readonly node: string;
}

/** Commands of npm's that install something (its field `npm-command`). */
const installing = new Set([
  ...['install', 'ci', 'install-test', 'install-ci-test', 'update', 'dedupe', 'exec', 'init', 'link'],
]);

/** `null`: he does not say that he installs. */
export function clientOf(headers: Headers): Client | null {
  const command = headers.get('npm-command');
  if (command !== null && !installing.has(command)) return null;
  const agent = headers.get('user-agent') ?? '';
  // yarn, from its second version on, does not say who it is, nor where it runs, and accepts anything.
  if (agent.startsWith('got ') && !headers.has('accept')) return berry;
  return read(agent).client;
}

const product = /^(npm|pnpm|yarn|bun)\/v?(\d+)/i;
const runtime = /\bnode\/v?(\d+\.\d+\.\d+)/;
const platformWords =
  /\b(linux|darwin|win32|freebsd|openbsd|android|sunos|aix) (x64|arm64|ia32|arm|ppc64|s390x|riscv64|loong64)\b/;

const usual: Platform = { os: 'linux', cpu: 'x64', libc: 'glibc' };
const berry: Client = { tool: 'berry', platform: usual, node: '' };

/** `npm/11.6.1 node/v24.9.0 linux x64 workspaces/false`. Who does not say where he runs most likely runs on what servers run on. */
const read = memoise((agent: string): { readonly client: Client | null } => {
  const [, name = '', major = ''] = product.exec(agent) ?? [];
  if (name === '') return { client: null };
  const [, os = usual.os, cpu = usual.cpu] = platformWords.exec(agent) ?? [];
  const [, node = ''] = runtime.exec(agent) ?? [];
  const platform = { os, cpu, libc: /\bmusl\b/.test(agent) ? 'musl' : usual.libc };
  return { client: { tool: toolOf(name.toLowerCase(), Number(major)), platform, node } };
});

function toolOf(name: string, major: number): Tool {
  if (name === 'yarn') return major < 2 ? 'yarn' : 'berry';
  return name === 'pnpm' || name === 'bun' ? name : 'npm';
}
