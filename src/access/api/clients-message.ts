/** How clients are pointed at the routes of the network, as the API tells it. */
import { z } from 'zod';

const settingsFile = z.object({
  /** Below the user's home folder: `.npmrc`; absolute for what is the system's. */
  path: z.string(),
  form: z.enum(['ini', 'yarnrc', 'yaml', 'toml', 'json', 'xml', 'own']),
  settings: z.array(
    z.object({
      section: z.string().optional(),
      key: z.string(),
      value: z.string(),
      isItem: z.boolean().optional(),
    }),
  ),
});

/** Something to run in a shell, or settings to have in a file; `text` is what the file then says. */
const step = z.discriminatedUnion('do', [
  z.object({ do: z.literal('run'), command: z.string(), why: z.string() }),
  z.object({ do: z.literal('set'), file: settingsFile, text: z.string(), why: z.string() }),
]);
const steps = z.array(step);

const client = z.object({
  /** What `meridian setup` calls it. */
  id: z.string(),
  title: z.string(),
  setUp: steps,
  /** What to do where the network's certificate is not from an authority that machines know; empty without TLS. */
  trust: steps,
  logIn: steps,
  check: steps,
  undo: steps,
  /** What fetches one package, set up or not, with `{package}` for its name, or `{name}` and `{version}` where they stand apart. */
  install: z.string().nullable(),
});

export const clientRoutes = z.object({
  /** The address that all others begin with, but for those of routes with a host of their own. */
  base: z.string(),
  /** Of the PoPs, for whoever has a token: one of them to choose. */
  addresses: z.array(z.object({ node: z.string(), url: z.string(), place: z.string().nullable() })),
  routes: z.array(
    z.object({
      route: z.string(),
      protocol: z.string(),
      /** Where clients reach it, with a slash at the end. */
      url: z.string(),
      /** Everybody may read it; else clients have to log in. */
      isOpen: z.boolean(),
      clients: z.array(client),
    }),
  ),
});
export type ClientRoutes = z.output<typeof clientRoutes>;
