/**
 * When versions were published. No list of a Maven repository says it, so it is the time of the upstream's POM (`Last-Modified`), which is asked for
 * only where the policy wants an age.
 */
import { discard } from '../bodies.ts';
import type { Pulling } from '../registry/ecosystem.ts';
import type { Judge } from '../registry/policy/judge-of.ts';
import type { Source } from '../registry/sources.ts';
import { askUpstream } from '../registry/upstream.ts';
import { coordinatesOf, type FilePlace, fileOf, nameOf, pathOf, versionPattern } from './place.ts';

export interface Times {
  /** Of the version that a file belongs to, or of its build; ms since the epoch. `null`: nobody asks, or the upstream does not say. */
  of(source: Source, place: FilePlace, at: Pulling): Promise<number | null>;
}

const mostRemembered = 20_000;

export function openTimes(): Times {
  /** By the address of the POM. What was published when never changes. */
  const known = new Map<string, number>();
  return {
    async of(source, place, at) {
      const { registry } = at;
      const judge = registry.policy?.judgeOf(nameOf(place));
      if (judge === undefined || !wantsAge(judge, place.version, registry.clock.now())) return null;
      const pom = place.build == null ? fileOf(place, place.version, 'pom') : place;
      const path = `/${pathOf(pom)}`;
      const before = known.get(source.url + path);
      if (before !== undefined) return before;
      const publishedMs = await askTime(source, path, at);
      if (publishedMs === null) return null;
      const oldest = known.size >= mostRemembered ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
      known.set(source.url + path, publishedMs);
      return publishedMs;
    },
  };
}

/** Whether it makes a difference how old a version is. */
export function wantsAge(judge: Judge, version: string, nowMs: number): boolean {
  const [old, young] = [0, nowMs].map((publishedMs) => judge.against({ version, publishedMs }));
  return old === null && young !== null;
}

/** Of a version that does not live here, whether anybody asks for its age or not. `null`: no upstream has it. */
export async function factsOf(
  name: string,
  version: string,
  at: Pulling,
): Promise<{ readonly publishedMs: number | null } | null> {
  const of = coordinatesOf(name);
  if (of === null || !versionPattern.test(version)) return null;
  const path = `/${pathOf(fileOf(of, version, 'pom'))}`;
  for (const source of at.registry.sources.of(name)) {
    const answer = await askUpstream(source, path, { method: 'HEAD' }, at);
    await discard(answer);
    if (answer.status === 200) return { publishedMs: timeIn(answer.headers) };
  }
  return null;
}

async function askTime(source: Source, path: string, at: Pulling): Promise<number | null> {
  const answer = await askUpstream(source, path, { method: 'HEAD' }, at);
  await discard(answer);
  return answer.status === 200 ? timeIn(answer.headers) : null;
}

function timeIn(headers: Headers): number | null {
  const field = headers.get('last-modified');
  const ms = field === null ? Number.NaN : Date.parse(field);
  return Number.isNaN(ms) ? null : ms;
}
