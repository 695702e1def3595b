/**
 * What a client says of the machine that it installs for: pip and uv as JSON behind their names in `User-Agent`, Poetry and PDM in words. What
 * they do not say is taken to be as on most machines.
 */
import type { Rendering } from '../negotiate.ts';
import { readVersion } from '../version.ts';

export interface Client {
  /** Full version of Python: `3.11.2`. */
  readonly python: string;
  /** `cpython`, `pypy`. */
  readonly implementation: string;
  readonly implementationVersion: string;
  readonly system: 'Linux' | 'Darwin' | 'Windows';
  /** As `platform.machine()` has it. */
  readonly cpu: string;
  /** `glibc-2.36`, `musl-1.2`; of a Mac the version of the system; empty: there is none. */
  readonly base: string;
  /** Whether the machine had to be guessed: `cpu`, or `base`. */
  readonly isGuessed: boolean;
  /** Whether metadata are asked for apart (PEP 658, PEP 714), and files only at the end. */
  readonly asksMetadata: boolean;
  /** The rendering of indexes that it asks for. */
  readonly form: Rendering;
}

/** Of one tree, in the words of its question. */
type Words = Readonly<Record<string, string>>;

const longest = 2_000;

/** `null`: it is no installer, or does not say for which Python. */
export function clientOf(headers: Headers): Client | null {
  const agent = headers.get('user-agent') ?? '';
  if (agent.length > longest) return null;
  const [, installer = '', version = ''] = /^([a-z]+)\/(\S+)/i.exec(agent) ?? [];
  const brace = agent.indexOf('{');
  const said = brace < 0 ? saidInWords(agent) : saidInJson(agent.slice(brace));
  return said && clientBy(installer.toLowerCase(), version, said);
}

interface Said {
  readonly python: string;
  readonly implementation: string;
  readonly implementationVersion: string;
  readonly system: string;
  readonly cpu: string;
  readonly base: string;
}

function saidInJson(text: string): Said | null {
  let all: unknown;
  try {
    all = JSON.parse(text);
  } catch {
    return null; // It says nothing that could be read, and so nothing is foreseen of it.
  }
  const at = (...path: readonly string[]): string => {
    const found = path.reduce<unknown>((within, key) => (within as Words | null | undefined)?.[key], all);
    return typeof found === 'string' ? found : '';
  };
  const system = at('system', 'name');
  const libc =
    at('distro', 'libc', 'lib') && `${at('distro', 'libc', 'lib')}-${at('distro', 'libc', 'version')}`;
  return {
    python: at('python'),
    ...{
      implementation: at('implementation', 'name'),
      implementationVersion: at('implementation', 'version'),
    },
    ...{ system, cpu: at('cpu'), base: system === 'Darwin' ? at('distro', 'version') : libc },
  };
}

/** `poetry/1.8.3 CPython/3.11.2 Linux/6.1.0`. */
function saidInWords(agent: string): Said | null {
  const [, implementation = '', version = ''] = /\b(CPython|PyPy)\/(\d+(?:\.\d+)*)/i.exec(agent) ?? [];
  const [, system = ''] = /\b(Linux|Darwin|Windows)\//.exec(agent) ?? [];
  if (implementation === '' || system === '') return null;
  return { python: version, implementation, implementationVersion: version, system, cpu: '', base: '' };
}

const usualCpu = { Linux: 'x86_64', Darwin: 'arm64', Windows: 'AMD64' } as const;
/** What is old enough for most images. */
const usualBase = { Linux: 'glibc-2.28', Darwin: '13.0', Windows: '' } as const;

function clientBy(installer: string, version: string, said: Said): Client | null {
  const { python, implementation, implementationVersion, system } = said;
  if (system !== 'Linux' && system !== 'Darwin' && system !== 'Windows') return null;
  if (!/^\d+\.\d+(?:\.\d+)?(?:(?:a|b|rc)\d+)?\+?$/.test(python)) return null;
  const base = isBase(said.base) ? said.base : usualBase[system];
  return {
    ...{ python: python.replace('+', ''), implementation: implementation.toLowerCase() || 'cpython' },
    ...{ implementationVersion: implementationVersion || python, system, base },
    cpu: /^\w+$/.test(said.cpu) ? said.cpu : usualCpu[system],
    isGuessed: said.cpu === '' || (base !== said.base && system !== 'Windows'),
    asksMetadata: installer === 'uv' || (installer === 'pip' ? isFrom(version, 23, 2) : false),
    // Until pip 22.2, HTML was all there was.
    form: installer === 'pip' && !isFrom(version, 22, 2) ? 'text' : 'json',
  };
}

function isBase(text: string): boolean {
  return /^(?:glibc-|musl-)?\d+(?:\.\d+)+$/.test(text);
}

function isFrom(version: string, major: number, minor: number): boolean {
  const [first = '0', second = '0'] = readVersion(version)?.release ?? [];
  return Number(first) > major || (Number(first) === major && Number(second) >= minor);
}

/**
 * pip takes what it downloads as it is, so that its digest holds (`HEADERS` in its `network/utils.py`), and the metadata of a version as well; the others
 * take metadata as they take indexes, and files come in no coding. Whoever says nothing is taken for pip, as most are.
 */
export function codingsOf(kind: string, agent: string): string | null {
  if (agent !== '' && !agent.startsWith('pip/')) return null;
  return kind === 'metadata' || kind === 'file' ? 'identity' : 'gzip, deflate';
}

/** The same words for all clients that the same holds for. */
export function wordsOf(client: Client): Words {
  return {
    ...{ py: client.python, of: client.implementation, os: client.system, cpu: client.cpu },
    ...(client.implementation !== 'cpython' && { as: client.implementationVersion }),
    ...(client.base !== '' && { base: client.base }),
    ...(client.isGuessed && { guessed: 'yes' }),
    ...(client.asksMetadata && { metadata: 'yes' }),
    form: client.form,
  };
}

/** `null`: nobody has written them. */
export function clientIn(words: Words): Client | null {
  const { py = '', of = '', os = '', cpu = '', base = '', form = '' } = words;
  const said = {
    python: py,
    implementation: of,
    implementationVersion: words['as'] ?? py,
    system: os,
    cpu,
    base,
  };
  const client = clientBy('', '', said);
  if (client === null || (form !== 'json' && form !== 'html' && form !== 'text')) return null;
  return {
    ...{ ...client, form, isGuessed: words['guessed'] === 'yes', asksMetadata: words['metadata'] === 'yes' },
  };
}
