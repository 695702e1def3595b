/** Which images go to which nodes ahead of time, as the config says it. */
import { matcher } from '../../patterns.ts';

export interface ReplicationRule {
  /** Full names; `*` stands for any text, here and below. */
  readonly repositories: readonly string[];
  readonly tags: readonly string[];
  /** `os/architecture[/variant]`; empty: all. */
  readonly platforms: readonly string[];
  /** Names of nodes. */
  readonly to: readonly string[];
  /** How often it is looked whether tags have moved. */
  readonly everyS: number;
}

export interface Rule extends Pick<ReplicationRule, 'platforms' | 'to' | 'everyS'> {
  isAbout(name: string): boolean;
  isAboutTag(tag: string): boolean;
  /** Of `repositories` and `tags`, what stands for nothing but itself. `null`: one of the tags does not. */
  readonly names: readonly string[];
  readonly tags: readonly string[] | null;
}

export function openRule({ repositories, tags, platforms, to, everyS }: ReplicationRule): Rule {
  const isPattern = (text: string) => text.includes('*');
  return {
    ...{ platforms, to, everyS },
    isAbout: matcher(repositories),
    isAboutTag: matcher(tags),
    names: repositories.filter((name) => !isPattern(name)),
    tags: tags.some(isPattern) ? null : tags,
  };
}
