/**
 * Where a dependency is needed (doc.rust-lang.org/reference/conditional-compilation.html). Cargo does not say which platform it runs on: a set of
 * platforms is a number with a bit for each, and has a likelihood by how many clients of a registry run there, mostly in CI.
 */

interface Platform {
  readonly triple: string;
  readonly share: number;
  readonly cfg: Readonly<Record<string, readonly string[]>>;
}

const unix = {
  unix: [''],
  target_family: ['unix'],
  panic: ['unwind'],
  target_has_atomic: ['8', '16', '32', '64', 'ptr'],
};
const bits64 = { target_pointer_width: ['64'], target_endian: ['little'] };
const linux = { ...unix, ...bits64, target_os: ['linux'], target_vendor: ['unknown'] };

const platforms: readonly Platform[] = [
  {
    triple: 'x86_64-unknown-linux-gnu',
    share: 0.76,
    cfg: { ...linux, target_arch: ['x86_64'], target_env: ['gnu'] },
  },
  {
    triple: 'aarch64-unknown-linux-gnu',
    share: 0.08,
    cfg: { ...linux, target_arch: ['aarch64'], target_env: ['gnu'] },
  },
  {
    triple: 'x86_64-unknown-linux-musl',
    share: 0.04,
    cfg: { ...linux, target_arch: ['x86_64'], target_env: ['musl'] },
  },
  {
    triple: 'aarch64-apple-darwin',
    share: 0.07,
    cfg: {
      ...unix,
      ...bits64,
      target_os: ['macos'],
      target_vendor: ['apple'],
      target_arch: ['aarch64'],
      target_env: [''],
    },
  },
  {
    triple: 'x86_64-pc-windows-msvc',
    share: 0.05,
    cfg: {
      ...bits64,
      ...{
        windows: [''],
        target_family: ['windows'],
        panic: ['unwind'],
        target_has_atomic: unix.target_has_atomic,
      },
      ...{ target_os: ['windows'], target_vendor: ['pc'], target_arch: ['x86_64'], target_env: ['msvc'] },
    },
  },
];

export const everywhere = (1 << platforms.length) - 1;

/** How likely it is that a client runs on one of these. */
export function shareOf(set: number): number {
  return set === everywhere
    ? 1
    : platforms.reduce((sum, { share }, at) => sum + (set & (1 << at) ? share : 0), 0);
}

/** @param target of a dependency: a triple or a `cfg()`. One that cannot be read is for nobody; `null`: for all. */
export function platformsOf(target: string | null): number {
  if (target === null) return everywhere;
  const condition = target.trim();
  const holds = condition.startsWith('cfg(')
    ? readCondition(condition.slice('cfg('.length, -1))
    : ({ triple }: Platform) => triple === condition;
  return holds === null ? 0 : platforms.reduce((set, each, at) => (holds(each) ? set | (1 << at) : set), 0);
}

type Condition = (platform: Platform) => boolean;

/** Deeper ones are nobody's. */
const deepest = 32;

function readCondition(text: string): Condition | null {
  const words = text.match(/"[^"]*"|[\w.]+|[(),=]/g) ?? [];
  let at = 0;
  const read = (depth: number): Condition | null => {
    const word = words[at++];
    if (word === undefined || depth > deepest || !/^\w/.test(word)) return null;
    if (words[at] === '=') {
      at++;
      const value = words[at++] ?? '';
      return value.startsWith('"') ? ({ cfg }) => cfg[word]?.includes(value.slice(1, -1)) ?? false : null;
    }
    if (words[at] !== '(') return word === 'true' ? () => true : ({ cfg }) => cfg[word] !== undefined;
    at++;
    const parts: Condition[] = [];
    while (words[at] !== ')') {
      const part = read(depth + 1);
      if (part === null) return null;
      parts.push(part);
      if (words[at] === ',') at++;
    }
    at++;
    return joined(word, parts);
  };
  const condition = read(0);
  return at === words.length ? condition : null;
}

function joined(word: string, parts: readonly Condition[]): Condition | null {
  const [first] = parts;
  if (word === 'all') return (platform) => parts.every((part) => part(platform));
  if (word === 'any') return (platform) => parts.some((part) => part(platform));
  return word === 'not' && parts.length === 1 && first !== undefined ? (platform) => !first(platform) : null;
}
