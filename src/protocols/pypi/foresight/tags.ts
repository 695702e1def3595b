/**
 * Which wheels a machine can use, and which of them best (packaging.python.org/specifications/platform-compatibility-tags): in the order of
 * `packaging.tags.sys_tags`, which all installers go by.
 */
import type { Client } from './client.ts';

/** Of a file name's tags: lower is better; `null`: it cannot be used there. */
export type Rank = (file: string) => number | null;

/** A file for several tags has few of them; what has more is a way to use up time. */
const mostTags = 512;

export function rankFor(client: Client): Rank {
  const order = new Map<string, number>();
  for (const tag of tagsOf(client)) if (!order.has(tag)) order.set(tag, order.size);
  return (file) => {
    const [python = '', abi = '', platform = ''] = file.slice(0, -'.whl'.length).split('-').slice(-3);
    const [pythons, abis, platforms] = [python.split('.'), abi.split('.'), platform.split('.')];
    if (pythons.length * abis.length * platforms.length > mostTags) return null;
    let best: number | null = null;
    for (const one of pythons)
      for (const two of abis)
        for (const three of platforms) {
          const rank = order.get(`${one}-${two}-${three}`);
          if (rank !== undefined && (best === null || rank < best)) best = rank;
        }
    return best;
  };
}

function* tagsOf(client: Client): Generator<string> {
  const [major = '3', minor = '0'] = client.python.split('.');
  const platforms = platformsOf(client);
  const interpreter = `${client.implementation === 'pypy' ? 'pp' : 'cp'}${major}${minor}`;
  const number = Number(minor);
  const abi = abiOf(client, interpreter, number);
  for (const platform of platforms) yield `${interpreter}-${abi}-${platform}`;
  if (client.implementation !== 'pypy') {
    for (const platform of platforms) yield `${interpreter}-abi3-${platform}`;
    for (const platform of platforms) yield `${interpreter}-none-${platform}`;
    for (let lower = number - 1; lower >= 2; lower--)
      for (const platform of platforms) yield `cp${major}${lower}-abi3-${platform}`;
  } else for (const platform of platforms) yield `${interpreter}-none-${platform}`;
  const versions = [
    `py${major}${minor}`,
    `py${major}`,
    ...down(number - 1, 0).map((each) => `py${major}${each}`),
  ];
  for (const version of versions) for (const platform of platforms) yield `${version}-none-${platform}`;
  yield `${interpreter}-none-any`;
  for (const version of versions) yield `${version}-none-any`;
}

function abiOf(
  { implementation, implementationVersion }: Client,
  interpreter: string,
  minor: number,
): string {
  if (implementation !== 'pypy') return minor < 8 ? `${interpreter}m` : interpreter;
  const [first = '7', second = '3'] = implementationVersion.split('.');
  return `pypy${interpreter.slice(2)}_pp${first}${second}`;
}

function platformsOf({ system, cpu, base }: Client): readonly string[] {
  if (system === 'Windows') return [{ amd64: 'win_amd64', arm64: 'win_arm64' }[cpu.toLowerCase()] ?? 'win32'];
  const [major = 0, minor = 0] = base.replace(/^\D+/, '').split('.').map(Number);
  if (system === 'Darwin') return macPlatforms(cpu, major, minor);
  const own = `linux_${cpu === 'armv8l' ? 'armv7l' : cpu}`;
  return base.startsWith('musl')
    ? [...down(minor, 0).map((each) => `musllinux_${major}_${each}_${cpu}`), own]
    : [...manylinux(cpu, minor), own];
}

const older: ReadonlyMap<number, string> = new Map([
  [17, 'manylinux2014'],
  [12, 'manylinux2010'],
  [5, 'manylinux1'],
]);

function manylinux(cpu: string, minor: number): readonly string[] {
  const lowest = cpu === 'x86_64' || cpu === 'i686' ? 5 : 17;
  return down(minor, lowest).flatMap((each) => {
    const old = older.get(each);
    const own = `manylinux_2_${each}_${cpu}`;
    return old === undefined ? [own] : [own, `${old}_${cpu}`];
  });
}

function macPlatforms(cpu: string, major: number, minor: number): readonly string[] {
  const isArm = cpu === 'arm64';
  const formats = isArm
    ? ['arm64', 'universal2']
    : ['x86_64', 'intel', 'fat64', 'fat32', 'universal2', 'universal'];
  const newer = major >= 11 ? down(major, 11).map((each) => `${each}_0`) : [];
  const ten = down(major >= 11 ? 16 : minor, 4).map((each) => `10_${each}`);
  return [
    ...newer.flatMap((version) => formats.map((format) => `macosx_${version}_${format}`)),
    ...ten.flatMap((version) =>
      (isArm ? ['universal2'] : formats).map((format) => `macosx_${version}_${format}`),
    ),
  ];
}

/** Highest numbers that are looked at: of whatever has more, nothing is known. */
const highest = 200;

function down(from: number, to: number): readonly number[] {
  const first = Math.min(from, highest);
  return Array.from({ length: Math.max(0, first - to + 1) }, (_, nth) => first - nth);
}
