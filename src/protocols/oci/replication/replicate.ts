/**
 * Tells nodes which images to have before anybody asks for them (`replication` in the config). A tag that is pushed, or that an upstream
 * gives out otherwise than before, is looked at once; all are looked at now and then, so that nothing is missed for good. What a node does
 * about it is no business of this protocol (`src/prefetch.ts`).
 */
import type { Clock } from '../../../clock.ts';
import { MeridianError } from '../../../errors.ts';
import type { PrefetchItem, PrefetchList } from '../../../foresight.ts';
import type { OriginHome } from '../../../protocol.ts';
import { isAboutAnother } from '../hosted/about.ts';
import type { Hosted } from '../hosted/claims.ts';
import { allBelow, repositoriesPrefix } from '../hosted/record.ts';
import { openRule, type ReplicationRule, type Rule } from './rules.ts';
import { tagsAt } from './tags-at.ts';
import { type Tree, treeOf } from './tree.ts';

export interface Replication {
  /**
   * A tag of this full name was pushed or deleted; `null`: a manifest was, and all of its tags with it. It may be a signature. Neither waits
   * nor fails.
   */
  changed(name: string, tag: string | null): void;
  /** The origin has read a tag anew, perhaps because this has asked it to. */
  seen(name: string, tag: string): void;
  close(): void;
}

export interface ReplicationOptions {
  readonly route: string;
  /** Path of the API: `/v2`. */
  readonly base: string;
  readonly rules: readonly ReplicationRule[];
  readonly hosted: Hosted | null;
  readonly clock: Clock;
}

/** Tags that wait to be looked at; what comes beyond that is found by the next round. */
const mostWaiting = 20_000;
/** Longer than the origin's own cache repeats a refusal. */
const repeatedMs = 4_000;
/** Tags that are looked at together. */
const atOnce = 2;

export function openReplication(options: ReplicationOptions, home: OriginHome): Replication {
  const { base, clock } = options;
  const { prefetch } = home;
  const rules = options.rules.map(openRule);
  const waiting = new Map<string, { readonly name: string; readonly tag: string }>();
  const lookedAt = new Set<string>();
  const timers = new Set<() => void>();
  const again = new Set<string>();
  let isClosed = false;

  function moved(name: string, tag: string): void {
    const isMeant = rules.some((rule) => rule.isAbout(name) && rule.isAboutTag(tag));
    if (isClosed || !isMeant || waiting.size >= mostWaiting) return;
    waiting.set(`${name}:${tag}`, { name, tag });
    next();
  }

  function next(): void {
    for (const [key, { name, tag }] of waiting) {
      if (lookedAt.size >= atOnce || isClosed) return;
      // One look after another, so that what is told last is what was seen last.
      if (lookedAt.has(key)) continue;
      waiting.delete(key);
      lookedAt.add(key);
      look(name, tag)
        .catch((error) => home.warn('nodes could not be told of an image', { image: key, error }))
        .finally(() => {
          lookedAt.delete(key);
          next();
        });
    }
  }

  /**
   * Each rule has a list of its own of the same tag: it may be about other platforms, and other nodes.
   */
  async function look(name: string, tag: string): Promise<void> {
    await prefetch.ready;
    for (const [at, rule] of rules.entries()) {
      if (!rule.isAbout(name) || !rule.isAboutTag(tag)) continue;
      const { to, platforms } = rule;
      const list = listName(at, name, tag);
      const tree = await treeOf({ at: `${base}/${name}`, tag, platforms, read: home.read }).catch(
        (thrown: unknown) => ({ is: 'unknown', why: reasonOf(thrown) }) as const,
      );
      if (isClosed) return;
      const told = prefetch.told().get(list);
      if (tree.is === 'gone') await prefetch.forget(list);
      else {
        const { items, error } = toTell(tree, told?.items ?? []);
        await prefetch.tell(list, { group: name, to, items, error });
      }
    }
  }

  function every(rule: Rule, at: number): void {
    const round = () =>
      void lookAtAll(rule, at)
        .catch((error) => home.warn('it could not be looked for what nodes should have', { error }))
        .finally(() => {
          if (isClosed) return;
          const cancel = clock.after(rule.everyS * 1000, () => {
            timers.delete(cancel);
            round();
          });
          timers.add(cancel);
        });
    round();
  }

  async function lookAtAll(rule: Rule, at: number): Promise<void> {
    await prefetch.ready;
    const names = new Set([...rule.names, ...(await hostedNames(rule))]);
    for (const { rule: of, name, tag } of toldTags()) {
      if (of !== at) continue;
      names.add(name);
      moved(name, tag);
    }
    for (const name of names) {
      if (isClosed) return;
      const tags = rule.tags ?? (await tagsAt(`${base}/${name}`, home.read));
      for (const tag of tags) if (rule.isAboutTag(tag)) moved(name, tag);
    }
  }

  async function hostedNames({ isAbout }: Rule): Promise<readonly string[]> {
    const { hosted, route } = options;
    if (hosted === null || home.stores === null) return [];
    const found: string[] = [];
    for await (const { key } of allBelow(home.stores.metadata, repositoriesPrefix(route))) {
      const name = key[2] ?? '';
      if (isAbout(name)) found.push(name);
    }
    return found;
  }

  /** What was refused may be signed by now. Several signatures are one reason. */
  function lookAgain(name: string): void {
    if (isClosed || again.has(name)) return;
    const refused = () =>
      [...toldTags()].filter((told) => {
        return told.name === name && prefetch.told().get(told.list)?.error != null;
      });
    if (refused().length === 0) return;
    const cancel = clock.after(repeatedMs, () => {
      timers.delete(cancel);
      again.delete(name);
      for (const told of refused()) moved(name, told.tag);
    });
    again.add(name);
    timers.add(cancel);
  }

  function* toldTags(): Generator<{ readonly list: string; rule: number; name: string; tag: string }> {
    for (const list of prefetch.told().keys()) {
      const [, rule, name = '', tag = ''] = /^(\d+)\/(.+):([^:]+)$/.exec(list) ?? [];
      yield { list, rule: Number(rule), name, tag };
    }
  }

  /** The config may have been another one. */
  async function forgetOthers(): Promise<void> {
    await prefetch.ready;
    for (const { list, rule: at, name, tag } of [...toldTags()]) {
      const rule = rules[at];
      if (isClosed) return;
      if (!rule?.isAbout(name) || !rule.isAboutTag(tag)) await prefetch.forget(list);
    }
  }

  forgetOthers().catch((error) => home.warn('nodes could not be told what they need no more', { error }));
  for (const [at, rule] of rules.entries()) every(rule, at);
  return {
    changed(name, tag) {
      if (tag !== null) moved(name, tag);
      if (tag !== null && !isAboutAnother(tag)) return;
      for (const told of toldTags()) if (told.name === name) moved(name, told.tag);
      lookAgain(name);
    },
    seen(name, tag) {
      if (!lookedAt.has(`${name}:${tag}`)) moved(name, tag);
    },
    close() {
      isClosed = true;
      waiting.clear();
      for (const cancel of timers) cancel();
    },
  };
}

function toTell(
  tree: Exclude<Tree, { readonly is: 'gone' }>,
  before: readonly PrefetchItem[],
): Pick<PrefetchList, 'items' | 'error'> {
  switch (tree.is) {
    case 'there':
      return { items: tree.items, error: tree.lacks };
    // Nodes would ask for it for ever, and be told the same.
    case 'refused':
      return { items: [], error: tree.why };
    // What they have of a tag that cannot be looked at is as good as ever.
    case 'unknown':
      return { items: before, error: tree.why };
  }
}

function listName(rule: number, name: string, tag: string): string {
  return `${rule}/${name}:${tag}`;
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof MeridianError) return thrown.detail;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
