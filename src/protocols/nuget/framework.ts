/** Frameworks that packages are made for (learn.microsoft.com/dotnet/standard/frameworks), and which of them a client's project is likely to be built for. */
import type { DependencyGroup } from './nuspec.ts';

/** First version of the client that came with each major version of .NET. */
const clients: readonly (readonly [major: number, minor: number, framework: number])[] = [
  ...([
    [7, 0, 10],
    [6, 12, 9],
    [6, 8, 8],
    [6, 4, 7],
    [6, 0, 6],
    [0, 0, 5],
  ] as const),
];

/** Major version of .NET. `null`: another client. */
export function frameworkOf(userAgent: string | null): number | null {
  const [, major, minor] = /^NuGet[^/]*\/(\d+)\.(\d+)/.exec(userAgent ?? '') ?? [];
  if (major === undefined || minor === undefined) return null;
  const [own, part] = [Number(major), Number(minor)];
  return clients.find((each) => own > each[0] || (own === each[0] && part >= each[1]))?.[2] ?? null;
}

/** The group that is nearest. @param framework major version of .NET. */
export function groupFor(framework: number, groups: readonly DependencyGroup[]): DependencyGroup | null {
  let best: DependencyGroup | null = null;
  let near = -1;
  for (const group of groups) {
    const rank = rankOf(framework, group.targetFramework);
    if (rank > near) [best, near] = [group, rank];
  }
  return best;
}

/** Negative: not for that. */
function rankOf(framework: number, target: string | undefined): number {
  if (target === undefined || /^(?:any)?$/i.test(target)) return 0;
  const [, name = '', number = ''] =
    /^\.?(netstandard|netcoreapp|net)(?:,?\s*version=v?)?(\d+(?:\.\d+)*)$/i.exec(target) ?? [];
  const version = Number.parseFloat(number);
  switch (name.toLowerCase()) {
    case 'netstandard':
      return 100 + version;
    case 'netcoreapp':
      return rankOfNet(framework, version);
    case 'net':
      // `net462` and the like is the framework of old.
      return number.includes('.') && version >= 5 ? rankOfNet(framework, version) : -1;
    default:
      return -1;
  }
}

function rankOfNet(framework: number, version: number): number {
  return version < framework + 1 ? 200 + version : -1;
}
