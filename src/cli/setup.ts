/**
 * `meridian setup`: tells how to point a client at the network, or does it: writes the client's settings file, and puts back what it said
 * before. The network says what is to be set (`GET /.meridian/v1/clients`).
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ClientRoutes, clientRoutes } from '../access/api/clients-message.ts';
import { apiOptions, askedUrl, asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';
import { filesOf, type Homes, type PutBack, putBack, type Written, write } from './setup/kept.ts';
import { guideText, shownPath } from './setup/text.ts';
import { table } from './table.ts';

const options = {
  client: {
    type: 'string',
    describe: 'Which, such as npm, yarn, docker or podman (default: lists them)',
  },
  route: { type: 'string', requiresArg: true, describe: 'Which route, where several have the client' },
  write: { type: 'boolean', describe: "Writes the client's settings file; what it said before is kept" },
  undo: { type: 'boolean', describe: 'Puts back what the file said before, and asks nobody' },
  base: {
    type: 'string',
    requiresArg: true,
    describe: 'Address by which clients reach the network (default: that of --url, or of the first PoP)',
  },
  root: {
    type: 'string',
    requiresArg: true,
    describe:
      'Folder that is / of a system that is being made, for files that are not a user’s own (default: /)',
  },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { client, route, json = false } = values;
  if (values.write && values.undo) throw new UsageError('--write and --undo are two commands');
  if ((values.write || values.undo) && client === undefined)
    throw new UsageError('Which client? `meridian setup` lists them');
  const places = homes(values.root);
  if (values.undo) return undo(client ?? '', places, json);
  const ask = await asker(values, false);
  if (ask === undefined) return exit.failure;
  const base = values.base ?? askedUrl(values);
  const query = base === undefined ? '' : `?base=${encodeURIComponent(base)}`;
  const { routes } = clientRoutes.parse(await ask('GET', `/clients${query}`));
  if (client === undefined) {
    if (json) console.log(JSON.stringify(routes, null, 2));
    else process.stdout.write(listed(routes));
    return exit.ok;
  }
  const chosen = choose(routes, client, route);
  if (values.write) return writeAll(chosen, places, json);
  if (json) console.log(JSON.stringify(chosen, null, 2));
  else process.stdout.write(guideText(chosen));
  return exit.ok;
});

type Route = ClientRoutes['routes'][number];

export interface Chosen extends Omit<Route, 'clients'> {
  readonly client: Route['clients'][number];
}

function choose(routes: readonly Route[], id: string, wanted: string | undefined): Chosen {
  const found = routes.flatMap(({ clients, ...route }) =>
    clients.filter((each) => each.id === id).map((client): Chosen => ({ ...route, client })),
  );
  const [first, ...others] = found.filter(({ route }) => wanted === undefined || route === wanted);
  if (first !== undefined && others.length === 0) return first;
  const names = found.map(({ route }) => route).join(', ');
  if (first !== undefined)
    throw new UsageError(`Which route? ${id} is for several: --route, one of ${names}`);
  const known = [...new Set(routes.flatMap(({ clients }) => clients.map((each) => each.id)))].join(', ');
  if (found.length > 0) throw new UsageError(`Route ${wanted} is not for ${id}; these are: ${names}`);
  throw new UsageError(`No route that you may read is for ${id}. There is: ${known || 'none'}`);
}

function listed(routes: readonly Route[]): string {
  const rows = routes.flatMap(({ route, url, isOpen, clients }) =>
    clients.map(({ id, title }) => [id, title, route, url, isOpen ? 'everybody' : 'log in']),
  );
  return rows.length === 0
    ? 'none\n'
    : table(['client', 'what it is', 'route', 'address', 'who may read'], rows);
}

async function writeAll({ client, url, isOpen }: Chosen, places: Homes, json: boolean) {
  const files = client.setUp.flatMap((step) => (step.do === 'set' ? [step.file] : []));
  if (files.length === 0)
    throw new UsageError(
      `${client.id} has no settings file; \`meridian setup ${client.id}\` tells what to do`,
    );
  const done: { readonly file: string; readonly state: Written }[] = [];
  for (const file of files) done.push({ file: file.path, state: await write(client.id, file, places) });
  if (json) {
    console.log(JSON.stringify({ client: client.id, url, files: done }, null, 2));
    return exit.ok;
  }
  for (const { file, state } of done) console.log(`${shownPath(file)}: ${state}`);
  const logIn = client.logIn.flatMap((step) => (step.do === 'run' ? [step.command] : []));
  if (!isOpen) console.log(`log in: ${logIn.join('; ')}`);
  console.log(`undo: meridian setup ${client.id} --undo`);
  return exit.ok;
}

const undone: Readonly<Record<PutBack, string>> = {
  restored: 'as it was before',
  edited: 'as it was before, with what has been changed in it since',
  aside: 'as it was before; what has been changed in it since is kept beside it',
  shared: 'stays as it is: another client goes by it',
  nothing: 'nothing to undo',
};

async function undo(client: string, places: Homes, json: boolean) {
  const done: { readonly file: string; readonly state: PutBack }[] = [];
  for (const path of await filesOf(client, places))
    done.push({ file: path, state: await putBack(client, { path }, places) });
  if (json) console.log(JSON.stringify({ client, files: done }, null, 2));
  else if (done.length === 0) console.log(`nothing to undo for ${client}`);
  for (const { file, state } of json ? [] : done) console.log(`${shownPath(file)}: ${undone[state]}`);
  return exit.ok;
}

function homes(root = '/'): Homes {
  const home = process.env.HOME || homedir();
  return { home, root: resolve(root), state: process.env.XDG_STATE_HOME || join(home, '.local', 'state') };
}
