/** Short documents of upstreams that never change, or are passed on as they are: of the sources that may have one, the first that does. */
import type { Answer } from '../../entry.ts';
import { errorAnswer } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { fetchWhole, passError, type Whole } from '../registry/upstream.ts';

const absent: ReadonlySet<number> = new Set([404, 410, 451]);

/** @returns an answer where nobody has it, or one fails: then no other one is asked. */
export async function firstOf(item: Item, maxBytes: number, at: Pulling): Promise<Whole | Answer> {
  for (const source of at.registry.sources.of(item.name)) {
    const found = await fetchWhole(source, `/${item.path}`, { maxBytes }, at);
    if (absent.has(found.status)) continue;
    return found.status === 200 ? found : passError({ ...found, body: null }, item.path, at.registry);
  }
  // Go reads both as "ask the next proxy" (go.dev/ref/mod#goproxy-protocol).
  return errorAnswer(at.registry.ecosystem, 404, `not found: ${item.path}`);
}
