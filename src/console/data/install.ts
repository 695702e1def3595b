/** The command that fetches a package, or one version of it, with the client that somebody has chosen; the choice holds on all pages. */
import { useState } from 'preact/hooks';
import { quoted } from '../parts/cli.tsx';
import { clientsAt } from './address.ts';
import type { ClientRoutes } from './api.ts';
import { useSession } from './session.ts';
import { type Known, useAnswer } from './use-answer.ts';

const storageKey = 'meridian.client';

export interface Client {
  readonly id: string;
  readonly title: string;
  /** As the API has it. */
  readonly install: string;
}

export interface Install {
  readonly known: Known<ClientRoutes>;
  /** Those that fetch single packages of the route. */
  readonly clients: readonly Client[];
  /** `undefined`: there is none, or it is not known yet. */
  readonly client: Client | undefined;
  choose(id: string): void;
}

/** @param fits which of them there is any use in. */
export function useInstall(route: string, fits: (client: Client) => boolean = () => true): Install {
  const { ask } = useSession();
  const known = useAnswer(() => clientsAt(ask, null), []);
  const [chosen, setChosen] = useState(() => localStorage.getItem(storageKey) ?? '');
  const at = known.value?.routes.find((each) => each.route === route);
  const clients = (at?.clients ?? [])
    .flatMap(({ id, title, install }) => (install === null ? [] : [{ id, title, install }]))
    .filter(fits);
  return {
    ...{ known, clients, client: clients.find(({ id }) => id === chosen) ?? clients[0] },
    choose(id) {
      localStorage.setItem(storageKey, id);
      setChosen(id);
    },
  };
}

/** Where they stand apart, a digest has no place. */
export function takesDigests({ install }: Client): boolean {
  return !install.includes('{version}');
}

/** @param version `null`: whichever the client takes then. */
export function installLine({ install }: Client, name: string, version: string | null): string {
  const separator = version?.includes(':') ? '@' : ':';
  const whole = version === null ? name : `${name}${separator}${version}`;
  return install
    .replace('{package}', () => quoted(whole))
    .replace('{name}', () => quoted(name))
    .replace('{version}', () => quoted(version ?? 'VERSION'));
}
